// What came of one sender's messages to one person: messages numbered 0, 1, 2, … that should each come once, in order. In good order it
// remembers nothing but how far it is.

export class Arrivals {
  readonly #ahead = new Set<number>();
  /** All below have come. */
  #next = 0;
  #last = -1;

  /** How this one came: `again` and `late` (after a later one) are faults. */
  take(n: number): 'in order' | 'again' | 'late' {
    if (this.has(n)) return 'again';
    const late = n < this.#last;
    this.#last = Math.max(this.#last, n);
    this.#ahead.add(n);
    while (this.#ahead.delete(this.#next)) this.#next += 1;
    return late ? 'late' : 'in order';
  }

  has(n: number): boolean {
    return n < this.#next || this.#ahead.has(n);
  }

  /** The highest that has come; -1: none. */
  get last(): number {
    return this.#last;
  }
}
