// What came of every message: a benchmark that loses or doubles one is not a benchmark but a bug report.

export type Faults = { readonly lost: number; readonly duplicated: number; readonly misordered: number };

export const NO_FAULTS: Faults = { lost: 0, duplicated: 0, misordered: 0 };

export function addFaults(a: Faults, b: Faults): Faults {
  return {
    lost: a.lost + b.lost,
    duplicated: a.duplicated + b.duplicated,
    misordered: a.misordered + b.misordered,
  };
}

/** One stream of things numbered 0, 1, 2, … that should each arrive once, in order. */
export class Stream {
  readonly #seen = new Set<number>();
  /** All below have come, so that a stream in good order remembers nothing. */
  #next = 0;
  #last = -1;
  #duplicated = 0;
  #misordered = 0;

  /** The number that is due. */
  get due(): number {
    return this.#next;
  }

  /** How many different ones have come. */
  get count(): number {
    return this.#next + this.#seen.size;
  }

  take(index: number): void {
    if (index < this.#next || this.#seen.has(index)) {
      this.#duplicated += 1;
      return;
    }
    if (index < this.#last) this.#misordered += 1;
    this.#last = Math.max(this.#last, index);
    this.#seen.add(index);
    while (this.#seen.delete(this.#next)) this.#next += 1;
  }

  /** What went wrong, if this many were sent. */
  faults(sent: number): Faults {
    return { lost: Math.max(0, sent - this.count), duplicated: this.#duplicated, misordered: this.#misordered };
  }
}
