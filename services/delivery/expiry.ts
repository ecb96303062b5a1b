// Whether the wall clock may say that something has expired. Expiry destroys messages, so a clock is believed only after it has kept
// step with the monotonic one for a whole interval since the start: whoever sets a wrong clock right has done it by then. A clock that
// is behind keeps messages longer, and needs no guard.

/** A wall clock that moved this much against the monotonic one since it was last looked at is not believed. */
const CLOCK_MOVED_MS = 60_000;

export class Expiry {
  readonly #wallClock: () => number;
  readonly #monotonic: () => number;
  #offset: number;
  #checked = false;

  /** `wallClock`: ms since 1970; `monotonic`: ms that no clock change moves. */
  constructor(wallClock: () => number, monotonic: () => number) {
    this.#wallClock = wallClock;
    this.#monotonic = monotonic;
    this.#offset = wallClock() - monotonic();
  }

  /** Whether what expires by the wall clock has expired, as far as can be known now. */
  get believed(): boolean {
    return this.#checked && Math.abs(this.#moved) <= CLOCK_MOVED_MS;
  }

  /** At the end of an interval. Returns by how many ms the clock moved during it; 0: little enough to be believed. */
  check(): number {
    const moved = this.#moved;
    this.#offset += moved;
    this.#checked = Math.abs(moved) <= CLOCK_MOVED_MS;
    return this.#checked ? 0 : moved;
  }

  get #moved(): number {
    return this.#wallClock() - this.#monotonic() - this.#offset;
  }
}
