// The sweeps of one mailbox: the passes through what is stored that are under way, a few chunks a turn. One is told at every interval;
// one follows each change of the account that puts devices out of use, because what was for them alone goes back to its sender.
import type { Delivery } from '#runtime/bus/bus.ts';
import type { Departure, Draft, MailboxResult } from './draft.ts';
import type { Stored } from './stored.ts';

/** Chunks that one read brings. */
const SWEEP_CHUNKS = 8;

export class Sweeps {
  readonly #stored: Stored;
  readonly #departures = new Set<Departure>();

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  /** Until their sweep has ended, a chunk below every cursor may hold what devices out of use left behind. */
  get departing(): boolean {
    return this.#departures.size > 0;
  }

  begin(draft: Draft): void {
    this.#read(draft, 0, undefined);
  }

  /** The command is settled only after the sweep: a crash between would lose what the senders have to hear. */
  depart(draft: Draft, delivery: Delivery | undefined): void {
    const departure = { delivery };
    this.#departures.add(departure);
    this.#read(draft, 0, departure);
  }

  /** Takes what a read brought; asks for more, or ends. A departure of an earlier memory is not this one's to settle. */
  page(
    draft: Draft,
    { chunks, departure }: Extract<MailboxResult, { purpose: 'sweep' }>,
    devices: ReadonlySet<string>,
  ): void {
    for (const chunk of chunks) this.#stored.sweep(draft, chunk, devices);
    const last = chunks.at(-1);
    if (last && chunks.length === SWEEP_CHUNKS) return this.#read(draft, last.n + last.items.length, departure);
    if (departure && this.#departures.delete(departure)) draft.settle(departure.delivery);
  }

  #read(draft: Draft, from: number, departure: Departure | undefined): void {
    draft.reads.push({ purpose: 'sweep', from, before: this.#stored.next, limit: SWEEP_CHUNKS, departure });
  }
}
