// How long a partition is left alone whose queue holds what is not read here: long enough for somebody else to take it, longer each time
// that it still does. Each return costs every frame that was prefetched a count towards being suspect (frames.ts). Pure.

const PAUSE_FIRST_MS = 5_000;
const PAUSE_MAX_MS = 60_000;

export class Pause {
  #until = Number.NEGATIVE_INFINITY;
  #ms = PAUSE_FIRST_MS;

  /** It holds such a thing again. `now`: monotonic, in ms. */
  begin(now: number): void {
    const again = now - this.#until < this.#ms;
    this.#ms = again ? Math.min(this.#ms * 2, PAUSE_MAX_MS) : PAUSE_FIRST_MS;
    this.#until = now + this.#ms;
  }

  isOver(now: number): boolean {
    return now >= this.#until;
  }
}
