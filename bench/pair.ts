// One pair of the pairs benchmark: a sender with its window, a recipient that checks and acknowledges, and what came of each message.
import { isSame, type Prepared } from './messages.ts';
import { addFaults, type Faults, Stream } from './tally.ts';
import type { Incoming, Wire } from './wire.ts';

/** `until`: time by `performance.now()`; `upTo`: how many messages the pair has sent then at most. */
export type Phase = {
  readonly until: number;
  readonly upTo: number;
  readonly window: number;
  readonly latencies: number[];
};

/** One sender, one recipient and their messages. Speaks with the server and, in the same frames, with the relay. */
export class Pair {
  readonly #messages: readonly Prepared[];
  readonly #sender: Wire;
  readonly #recipient: Wire;
  readonly #arrivals = new Stream();
  readonly #receipts = new Stream();
  readonly #sentAt: Float64Array;
  readonly #indexOf = new Map<string, number>();
  #sent = 0;
  #phase: Phase | undefined;
  #finished: () => void = () => {};
  lastReceiptAt = 0;

  constructor(messages: readonly Prepared[], sender: Wire, recipient: Wire) {
    this.#messages = messages;
    this.#sender = sender;
    this.#recipient = recipient;
    this.#sentAt = new Float64Array(messages.length);
    sender.onFrame = (frame) => this.#atSender(frame);
    recipient.onFrame = (frame) => this.#atRecipient(frame);
  }

  /** Sends until the phase ends, and resolves when all that was sent has come back. */
  run(phase: Phase): Promise<void> {
    this.#phase = phase;
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.#pump();
    });
  }

  get faults(): Faults {
    return addFaults(this.#arrivals.faults(this.#sent), this.#receipts.faults(this.#sent));
  }

  #pump(): void {
    const { until, upTo, window } = this.#phase as Phase; // set before the first message is sent
    const now = performance.now();
    while (now < until && this.#sent < upTo && this.#sent - this.#receipts.count < window) {
      const message = this.#messages[this.#sent];
      if (!message) break;
      this.#sentAt[this.#sent] = now;
      this.#indexOf.set(message.id, this.#sent);
      this.#sent += 1;
      this.#sender.send(message.frame);
    }
    if (this.#sent === this.#receipts.count) this.#finished();
  }

  #atRecipient(frame: Incoming): void {
    if (frame.type !== 'deliver' && frame.type !== 'send') return;
    const due = this.#messages[this.#arrivals.due];
    const found =
      due && isSame(due, frame) ? this.#arrivals.due : this.#messages.findIndex((one) => isSame(one, frame));
    const message = this.#messages[found];
    if (!message) throw new Error('A recipient got something that nobody sent.');
    this.#arrivals.take(found);
    this.#recipient.ack(frame.type === 'deliver' ? frame.n : this.#arrivals.count, message.tag);
  }

  #atSender(frame: Incoming): void {
    if (frame.type === 'error') throw new Error(`A send was refused: ${frame.code}`);
    if (frame.type === 'ack') {
      for (const [n, tag] of frame.tags) this.#receipt(n - 1, tag);
    } else if (frame.type === 'notice') {
      const { notice, n } = frame;
      if (notice.kind !== 'delivered') throw new Error(`A sender was told: ${notice.kind}`);
      for (const { id, tag } of notice.entries) this.#receipt(this.#indexOf.get(id) ?? -1, tag);
      this.#sender.ack(n);
    } else {
      return;
    }
    this.#pump();
  }

  #receipt(index: number, tag: string | undefined): void {
    const message = this.#messages[index];
    if (!message || message.tag !== tag) throw new Error('A delivered notice has a wrong id or tag.');
    this.#receipts.take(index);
    this.lastReceiptAt = performance.now();
    this.#phase?.latencies.push(this.lastReceiptAt - (this.#sentAt[index] ?? 0));
  }
}
