// One thing after another: what touches the same lines does not run into each other.

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `work` when all that was taken before is done, however that ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
