// How far behind an owner is with its partition, found without comparing the clocks of two machines: it sends a probe through the queue
// itself, and as long as that has not come back, what was published before it waits. What came already has its own times. Pure.

export class Lag {
  #askedAt: number | undefined;

  /** Its owner's probe is on its way through the queue, unless an earlier one still is. All times: monotonic, in ms. */
  asked(now: number): void {
    this.#askedAt ??= now;
  }

  /** The probe came back, was lost, or nobody waits for it any more. */
  forget(): void {
    this.#askedAt = undefined;
  }

  /** The age of the oldest of what waits: in the queue, as far as is known, or since one of these times. */
  ms(now: number, ...since: readonly (number | undefined)[]): number {
    return Math.max(0, ...[this.#askedAt, ...since].map((at) => (at === undefined ? 0 : now - at)));
  }
}
