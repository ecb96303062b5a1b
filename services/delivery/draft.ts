// What a turn of a mailbox has decided so far: the plan while it grows.

import type { CloseName } from '#protocol/close-codes.ts';
import type { InboxMessage, ReplyTo, SessionRef, Signal } from '#protocol/commands.ts';
import { type ErrorCode, RequestError } from '#protocol/errors.ts';
import type { Answer, Push } from '#protocol/frames/server.ts';
import type { Plan, Tell } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import type { Attachment, Carried } from './carried.ts';
import { chargesOf } from './charges.ts';
import type { MailboxCounts } from './counts.ts';
import { Notices } from './notices.ts';
import { CHUNK_NUMBERS, type Chunk, type ChunkInfo, type MailboxWrite } from './store.ts';

/** Devices went out of use. `delivery`: the command that said so, settled when what they left behind is swept. */
export type Departure = { readonly delivery: Delivery | undefined };

export type MailboxRead =
  | {
      readonly purpose: 'drain';
      readonly device: string;
      readonly at: SessionRef;
      readonly from: number;
      /** The next number when this was asked for: if fewer chunks than `limit` come, there is nothing below it. */
      readonly before: number;
      readonly limit: number;
    }
  | {
      readonly purpose: 'sweep';
      readonly from: number;
      readonly before: number;
      readonly limit: number;
      /** The change of the account that asked for it, if it was one. */
      readonly departure: Departure | undefined;
    };
export type MailboxResult = MailboxRead & { readonly chunks: readonly Chunk[] };

export class Draft {
  readonly now: number;
  readonly #expires: boolean;
  readonly notices: Notices;
  readonly writes: MailboxWrite[] = [];
  readonly removals: MailboxWrite[] = [];
  readonly reads: MailboxRead[] = [];
  readonly signals: Signal[] = [];
  readonly #tells: Tell[] = [];
  readonly #settled: Delivery[] = [];
  readonly #stored: Carried[] = [];

  /** `now`: ms since 1970. `expires`: whether that may say that something has expired. */
  constructor(user: string, now: number, expires: boolean, counts: MailboxCounts) {
    this.now = now;
    this.#expires = expires;
    this.notices = new Notices(user, counts);
  }

  /** Whether an item's time is over. */
  expired({ expiresAt }: { readonly expiresAt: number }): boolean {
    return this.#expires && expiresAt <= this.now;
  }

  accept(reply: ReplyTo, receivedAt: number, stale: string | undefined): void {
    this.answer(reply, stale ? { receivedAt, stale: [stale] } : { receivedAt });
  }

  answer({ inbox, re }: ReplyTo, answer: Answer<'send' | 'devices.used'>): void {
    this.#tells.push({ inbox, message: { type: 'answer', re, answer } });
  }

  refuse({ inbox, re }: ReplyTo, code: ErrorCode): void {
    this.#tells.push({ inbox, message: { type: 'refusal', re, code, message: new RequestError(code).message } });
  }

  tell(at: SessionRef, frame: Push): void {
    this.#tells.push({ inbox: at.inbox, message: { type: 'push', session: at.session, frame } });
  }

  inform(inbox: string, message: InboxMessage): void {
    this.#tells.push({ inbox, message });
  }

  /** The session is pushed to no more; a gateway that is there ends it, and its client comes back. */
  reattach({ inbox, session }: SessionRef): void {
    this.#tells.push({ inbox, message: { type: 'reattach', session } });
  }

  close(at: SessionRef, why: CloseName): void {
    this.#tells.push({ inbox: at.inbox, message: { type: 'close', session: at.session, why } });
  }

  /** Pushes an item to a device, within its window. */
  push(attachment: Attachment, carried: Carried): void {
    const { item } = carried;
    const n = attachment.push(carried);
    if (item.type === 'notice') return this.tell(attachment.at, { type: 'notice', n, notice: item.notice });
    if (item.type === 'entries') {
      const { name, group, number, entries, receivedAt } = item;
      return this.tell(attachment.at, { type: 'entries', n, name, group, number, entries: [...entries], receivedAt });
    }
    const { header, body, slots, receivedAt, group } = item;
    const slot = slots[attachment.device];
    if (slot === undefined) throw new Error('A mailbox pushes an item only to the devices that have a slot.');
    const place = group && { group: { name: group.name, number: group.number } };
    this.tell(attachment.at, { type: 'deliver', n, header, body, slot, receivedAt, ...place });
  }

  settle(delivery: Delivery | undefined): void {
    if (delivery) this.#settled.push(delivery);
  }

  /** Stores an item (its number is set) for the devices that have not acked it; then what it came in is settled. */
  store(carried: Carried): void {
    this.#stored.push(carried);
    for (const delivery of carried.deliveries) this.settle(delivery);
  }

  /** Makes chunks of what was stored since the last flush, as its numbers say. */
  flush(onChunk: (info: ChunkInfo) => void): void {
    if (this.#stored.length === 0) return; // most turns: what is acked in time is never stored
    for (const [n, part] of Map.groupBy(this.#stored.splice(0), chunkOf)) {
      const items = part.map(({ item, waiting, taken }) => ({ item, devices: [...waiting], taken }));
      const charges = chargesOf(part.map(({ item }) => item));
      this.writes.push({ type: 'append', chunk: { n, items }, charges });
      onChunk({ n, count: items.length, charges });
    }
  }

  plan(wakeAt: number | undefined): Plan<MailboxWrite, MailboxRead> {
    const effects = this.notices.commands(this.now);
    return {
      ...(this.writes.length > 0 ? { writes: this.writes } : {}),
      tells: this.#tells,
      // With notices or removals, what they are about is settled after them.
      ...(effects.length > 0 || this.removals.length > 0
        ? { afterwards: { effects, removals: this.removals, settled: this.#settled } }
        : { settled: this.#settled }),
      signals: this.signals,
      reads: this.reads,
      ...(wakeAt === undefined ? {} : { wakeAt }),
    };
  }
}

/** The chunk that an item's number belongs to. */
function chunkOf({ stored = 0 }: Carried): number {
  return stored - (stored % CHUNK_NUMBERS);
}
