// What was sent to inboxes and has not arrived yet, so that something can wait until all that was sent before it has. A command leaves its
// queue only after what was answered to it: a kill in between would lose the answer, and whoever waits for it would wait for ever. Pure.

/** What was sent between two that wait. */
export type Batch = { left: number; readonly waiting: (() => void)[] };

export class Sent {
  /** The oldest first. The last takes what is sent now, and nobody waits for it. */
  #batches: Batch[] = [newBatch()];

  /** Something is sent; `arrived` is to be called with what this returns. */
  add(): Batch {
    const last = this.#last;
    last.left += 1;
    return last;
  }

  /** Something is confirmed, or lost. */
  arrived(batch: Batch): void {
    batch.left -= 1;
    for (let first = this.#batches[0]; first && first !== this.#last && first.left === 0; first = this.#batches[0]) {
      this.#batches.shift();
      for (const then of first.waiting) then();
    }
  }

  /** Calls `then` once all that was sent until now has arrived; at once, if it has. */
  after(then: () => void): void {
    const last = this.#last;
    if (this.#batches.length === 1 && last.left === 0) return then();
    last.waiting.push(then);
    this.#batches.push(newBatch());
  }

  /** Nothing arrives any more: whoever waits is called. */
  clear(): void {
    const waiting = this.#batches.flatMap((batch) => batch.waiting);
    this.#batches = [newBatch()];
    for (const then of waiting) then();
  }

  get #last(): Batch {
    return this.#batches.at(-1) as Batch; // there always is one
  }
}

function newBatch(): Batch {
  return { left: 0, waiting: [] };
}
