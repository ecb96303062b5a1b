// How far behind an owner is with its partition, found without comparing the clocks of two machines: it sends a probe through the queue
// itself, and as long as that has not come back, what was published before it waits. What came already has its own times. Pure.

export class Lag {
  #askedAt: number | undefined;
  #isDue = false;

  /** Whether something came from the queue since its owner last sent a probe that got there. A queue from which nothing comes at all needs none. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Something came from the queue. */
  heard(): void {
    this.#isDue = true;
  }

  /** Its owner's probe is on its way through the queue, unless an earlier one still is. All times: monotonic, in ms. */
  asked(now: number): void {
    this.#isDue = false;
    this.#askedAt ??= now;
  }

  /** The probe never got to the queue, so that it says nothing; what stands there may be read by nobody, and the next probe must find out. */
  lost(): void {
    if (this.#askedAt === undefined) return;
    this.#askedAt = undefined;
    this.#isDue = true;
  }

  /** The probe came back, or nobody waits for it any more. */
  forget(): void {
    this.#askedAt = undefined;
  }

  /** The age of the oldest of what waits: in the queue, as far as is known, or since one of these times. */
  ms(now: number, ...since: readonly (number | undefined)[]): number {
    return Math.max(0, ...[this.#askedAt, ...since].map((at) => (at === undefined ? 0 : now - at)));
  }
}
