// An item while a mailbox has it in memory, and what one attached device still has to acknowledge of it.
import type { SessionRef } from '#protocol/commands.ts';
import { DELIVERY_WINDOW_BYTES, DELIVERY_WINDOW_ITEMS } from '#protocol/limits.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import type { MailboxItem } from './item.ts';

/** One item, shared by the devices that it was pushed to. Held in the queue (`deliveries`, what it came in) until stored or acked by all. */
export type Carried = {
  readonly item: MailboxItem;
  readonly size: number;
  /** Devices that have not acked it. */
  readonly waiting: Set<string>;
  /** Devices that it is for, as stored: a lower cursor of one of them is what `taken` cannot know. */
  readonly devices: readonly string[];
  readonly deliveries: readonly Delivery[];
  readonly since: number;
  /** Its number in the mailbox once it is stored. */
  stored: number | undefined;
  taken: boolean;
};

/**
 * A device's receiving session. `draining`: it is given what is stored, paced by its acks; `live`: it has been given all.
 * `sentUpTo`: every stored number below was pushed or is not for it.
 */
export class Attachment {
  readonly device: string;
  readonly at: SessionRef;
  readonly number: number;
  live = false;
  synced = false;
  reading = false;
  sentUpTo: number;
  /** Read, but beyond the window. */
  readonly buffer: Carried[] = [];
  #unacked: { readonly n: number; readonly carried: Carried }[] = [];
  #unackedBytes = 0;
  #pushed = 0;

  constructor(device: string, at: SessionRef, number: number, cursor: number) {
    this.device = device;
    this.at = at;
    this.number = number;
    this.sentUpTo = cursor;
  }

  /** Whether the window takes another item. An empty one takes any. */
  get roomy(): boolean {
    return this.#unacked.length < DELIVERY_WINDOW_ITEMS && this.#unackedBytes < DELIVERY_WINDOW_BYTES;
  }

  /** Counts an item as pushed; returns its number in this session. */
  push(carried: Carried): number {
    this.#pushed += 1;
    this.#unacked.push({ n: this.#pushed, carried });
    this.#unackedBytes += carried.size;
    return this.#pushed;
  }

  /** Forgets what was read and not pushed: it is read again. */
  readAgain(): void {
    this.sentUpTo = this.buffer[0]?.stored ?? this.sentUpTo;
    this.buffer.length = 0;
  }

  /** Takes back what the device acked, in order, with the session numbers. */
  acked(upTo: number): readonly { readonly n: number; readonly carried: Carried }[] {
    let count = 0;
    while (count < this.#unacked.length && (this.#unacked[count]?.n ?? 0) <= upTo) count += 1;
    const done = this.#unacked.splice(0, count);
    for (const { carried } of done) this.#unackedBytes -= carried.size;
    return done;
  }

  /** The first stored number that is neither acked nor known to be not for this device. */
  get cursor(): number {
    for (const { carried } of this.#unacked) if (carried.stored !== undefined) return carried.stored;
    return this.buffer[0]?.stored ?? this.sentUpTo;
  }
}
