// The mailbox actor: one for each user. It accepts messages for the user's devices, pushes them to those that are attached, keeps
// what they have not taken, and tells senders what became of it (DESIGN section 3). It decides; the host performs.
import type { MailboxCommand, MessageItem, NoticeItem } from '#protocol/commands.ts';
import { type ErrorCode, RequestError } from '#protocol/errors.ts';
import type { Actor, Incoming, Plan, Tell } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import { RefusedNumbers } from '#runtime/refused-numbers.ts';
import { Attachment, type Carried, quotaSizeOf, sizeOf } from './carried.ts';
import type { MailboxRules } from './config.ts';
import { Draft, type MailboxRead, type MailboxResult } from './draft.ts';
import { Recent } from './recent.ts';
import type { Chunk, ChunkInfo, MailboxState, MailboxWrite } from './store.ts';
import { sweepChunk } from './sweep.ts';

/** Chunks that one read brings. */
const READ_CHUNKS = 2;
const SWEEP_CHUNKS = 8;

/** What the mailboxes of one process hold in their queues together: 4 MiB a partition (DESIGN section 3), at P = 16. */
export type HoldBudget = { bytes: number };

type Command<T extends MailboxCommand['type']> = Extract<MailboxCommand, { type: T }>;

export class Mailbox implements Actor<'mailbox', MailboxWrite, MailboxRead, MailboxResult> {
  readonly #user: string;
  readonly #rules: MailboxRules;
  readonly #budget: HoldBudget;
  /** Entries of the account log that the devices come from; 0: there is no such user. */
  #length: number;
  #deleted: boolean;
  #devices: Set<string>;
  readonly #cursors: Map<string, number>;
  #next: number;
  readonly #chunks: ChunkInfo[];
  #bytes: number;
  readonly #attached = new Map<string, Attachment>();
  readonly #held = new Set<Carried>();
  /** Changes of the account whose sweep is under way: until then, a chunk below every cursor may hold what a device left behind. */
  #departures: { readonly length: number; readonly delivery: Delivery | undefined }[] = [];
  readonly #recent = new Recent();
  readonly #refused = new RefusedNumbers();

  constructor(user: string, state: MailboxState | undefined, rules: MailboxRules, budget: HoldBudget) {
    this.#user = user;
    this.#rules = rules;
    this.#budget = budget;
    this.#length = state?.length ?? 0;
    this.#deleted = state?.deleted ?? false;
    this.#devices = new Set(state?.devices);
    this.#cursors = new Map(Object.entries(state?.cursors ?? {}));
    this.#next = state?.next ?? 1;
    this.#chunks = [...(state?.chunks ?? [])];
    this.#bytes = this.#chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get idle(): boolean {
    return this.#attached.size === 0 && this.#held.size === 0 && this.#departures.length === 0;
  }

  drop(): readonly Tell[] {
    for (const carried of this.#held) this.#budget.bytes -= carried.size;
    return [...this.#attached.values()].map(({ at }) => ({
      inbox: at.inbox,
      message: { type: 'reattach', session: at.session },
    }));
  }

  turn(batch: readonly Incoming<'mailbox', MailboxResult>[], now: number): Plan<MailboxWrite, MailboxRead> {
    const draft = new Draft(this.#user, now);
    for (const incoming of batch) {
      if ('result' in incoming) this.#page(draft, incoming.result);
      else this.#decide(draft, incoming.command, incoming.delivery);
    }
    const [oldest] = this.#held;
    const due = oldest ? oldest.since + this.#rules.holdMs : undefined;
    if (due !== undefined && due <= now) this.#storeHeld(draft);
    draft.flush((info) => this.#chunks.push(info));
    for (const attachment of this.#attached.values()) {
      if (attachment.live) attachment.sentUpTo = this.#next;
      else this.#pump(draft, attachment);
    }
    return draft.plan(this.#held.size > 0 ? due : undefined);
  }

  #decide(draft: Draft, command: MailboxCommand, delivery: Delivery | undefined): void {
    switch (command.type) {
      case 'deliver':
        return this.#deliver(draft, command, delivery);
      case 'notify':
        return this.#notify(draft, command.item, delivery);
      case 'ack':
        return this.#ack(draft, command);
      case 'attach':
        return this.#attach(draft, command, delivery);
      case 'detach':
        return this.#detach(draft, command);
      case 'account':
        return this.#account(draft, command, delivery);
      case 'sweep':
        this.#readToSweep(draft, 0, this.#length);
    }
  }

  // ---- messages in ---------------------------------------------------------

  #deliver(draft: Draft, { item, reply }: Command<'deliver'>, delivery: Delivery | undefined): void {
    const refusal = this.#refusal(item, delivery?.redelivered ?? false);
    if (refusal) {
      if (new RequestError(refusal).retry) this.#refused.refuse(item);
      if (delivery?.redelivered) draft.notices.refused(item, refusal);
      draft.refuse(reply, refusal);
      return draft.settle(delivery);
    }
    this.#refused.admit(item);
    const served = this.#recent.served(item);
    const devices = Object.keys(item.slots).filter((device) => this.#devices.has(device) && !served.has(device));
    if (devices.length > 0) {
      this.#place(draft, item, devices, delivery);
      for (const device of devices) served.add(device);
    } else {
      draft.settle(delivery);
    }
    draft.accept(reply, item.receivedAt, this.#isStale(item, served) ? this.#user : undefined);
  }

  /** What may have been accepted before, as far as this mailbox can know, is not refused for quota or order. */
  #refusal(item: MessageItem, redelivered: boolean): ErrorCode | undefined {
    if (this.#length === 0 || this.#deleted) return 'unknown_user';
    const own = item.from === this.#user;
    if (!own && !Object.keys(item.slots).some((device) => this.#devices.has(device))) return 'stale_devices';
    if (redelivered || this.#recent.knows(item)) return undefined;
    if (this.#refused.mustWait(item)) return 'earlier_refused';
    return this.#bytes + quotaSizeOf(item) > this.#rules.quotaBytes ? 'over_quota' : undefined;
  }

  /** Whether the sender sealed for other devices than those in use, what it sent earlier for the same message counted in. */
  #isStale(item: MessageItem, served: ReadonlySet<string>): boolean {
    for (const device of this.#devices) {
      if (!(device in item.slots) && !served.has(device) && device !== item.device) return true;
    }
    return Object.keys(item.slots).some((device) => !this.#devices.has(device));
  }

  #notify(draft: Draft, item: NoticeItem, delivery: Delivery | undefined): void {
    const devices = (item.devices ?? [...this.#devices]).filter((device) => this.#devices.has(device));
    if (devices.length > 0) this.#place(draft, item, devices, delivery);
    else draft.settle(delivery);
  }

  /** Pushed and held in the queue if every device is live; else stored, and pushed to those that are. */
  #place(draft: Draft, item: MessageItem | NoticeItem, devices: string[], delivery: Delivery | undefined): void {
    const size = sizeOf(item);
    const targets = devices.map((device) => this.#attached.get(device));
    const carried: Carried = {
      item,
      size,
      devices,
      waiting: new Set(devices),
      delivery,
      since: draft.now,
      stored: undefined,
      taken: false,
    };
    const { holdMs, holdBytes } = this.#rules;
    if (holdMs > 0 && this.#budget.bytes < holdBytes && targets.every((target) => target?.live && target.roomy)) {
      this.#held.add(carried);
      this.#budget.bytes += size;
    } else {
      this.#storeHeld(draft); // first what came first
      this.#store(draft, carried);
    }
    for (const target of targets) {
      if (!target?.live) continue;
      if (target.roomy) {
        draft.push(target, carried);
      } else {
        target.live = false;
        target.sentUpTo = carried.stored ?? this.#next; // stored: only what all have room for is held
      }
    }
  }

  #store(draft: Draft, carried: Carried): void {
    carried.stored = this.#next;
    this.#next += 1;
    this.#bytes += quotaSizeOf(carried.item);
    draft.store(carried);
  }

  #storeHeld(draft: Draft): void {
    for (const carried of this.#held) {
      this.#budget.bytes -= carried.size;
      this.#store(draft, carried);
    }
    this.#held.clear();
  }

  // ---- messages out --------------------------------------------------------

  #ack(draft: Draft, { device, at, upTo, tags }: Command<'ack'>): void {
    const attachment = this.#find(device, at);
    if (!attachment) return;
    const tagOf = new Map(tags);
    for (const { n, carried } of attachment.acked(upTo)) {
      carried.waiting.delete(device);
      if (carried.item.type === 'message' && carried.item.from !== this.#user && !this.#isTaken(carried, device)) {
        draft.notices.delivered(carried.item, device, tagOf.get(n));
      }
      carried.taken = true;
      if (carried.waiting.size === 0 && this.#held.delete(carried)) {
        this.#budget.bytes -= carried.size;
        draft.settle(carried.delivery);
      }
    }
    this.#raise(draft);
  }

  /** Whether another device took it earlier, so that the sender has been told. */
  #isTaken({ taken, stored, devices }: Carried, except: string): boolean {
    if (taken || stored === undefined) return taken;
    return devices.some((device) => device !== except && (this.#cursors.get(device) ?? 0) > stored);
  }

  /** Raises the cursors of all attached devices: also of one that only sees pass by what is for others. */
  #raise(draft: Draft): void {
    let raised = false;
    for (const { device, cursor } of this.#attached.values()) {
      if (cursor <= (this.#cursors.get(device) ?? 0)) continue;
      this.#cursors.set(device, cursor);
      draft.removals.push({ type: 'cursor', device, n: cursor });
      raised = true;
    }
    if (raised) this.#trim(draft);
  }

  /** Removes the chunks below every cursor. */
  #trim(draft: Draft): void {
    if (this.#devices.size === 0 || this.#departures.length > 0) return; // the sweep tells the senders first
    const lowest = Math.min(...[...this.#devices].map((device) => this.#cursors.get(device) ?? 1));
    for (let chunk = this.#chunks[0]; chunk && chunk.n + chunk.count <= lowest; chunk = this.#chunks[0]) {
      draft.removals.push({ type: 'remove', n: chunk.n });
      this.#bytes -= chunk.bytes;
      this.#chunks.shift();
    }
  }

  /** Gives a draining device what its window takes; asks the store for more; makes it live when there is no more. */
  #pump(draft: Draft, attachment: Attachment): void {
    if (attachment.reading) return;
    const { buffer } = attachment;
    while (buffer.length > 0 && attachment.roomy) draft.push(attachment, buffer.shift() as Carried); // length > 0
    if (buffer.length > 0) return;
    if (attachment.sentUpTo < this.#next) {
      if (!attachment.roomy) return;
      attachment.reading = true;
      const { device, at, sentUpTo } = attachment;
      draft.reads.push({ purpose: 'drain', device, at, from: sentUpTo, before: this.#next, limit: READ_CHUNKS });
      return;
    }
    attachment.live = true;
    if (!attachment.synced) draft.tell(attachment.at, { type: 'synced' });
    attachment.synced = true;
  }

  #page(draft: Draft, result: MailboxResult): void {
    if (result.purpose === 'sweep') return this.#sweep(draft, result.chunks, result.length);
    const attachment = this.#find(result.device, result.at);
    if (!attachment || attachment.sentUpTo !== result.from) return; // asked for before this memory was loaded
    attachment.reading = false;
    for (const { n, items } of result.chunks) {
      items.forEach(({ item, devices, taken }, index) => {
        const stored = n + index;
        if (stored < attachment.sentUpTo || !item || !devices.includes(attachment.device)) return;
        const waiting = new Set([attachment.device]);
        attachment.buffer.push({
          item,
          size: sizeOf(item),
          devices,
          waiting,
          delivery: undefined,
          since: draft.now,
          stored,
          taken,
        });
      });
      attachment.sentUpTo = Math.max(attachment.sentUpTo, n + items.length);
    }
    if (result.chunks.length < READ_CHUNKS) attachment.sentUpTo = Math.max(attachment.sentUpTo, result.before);
    this.#raise(draft);
  }

  // ---- devices -------------------------------------------------------------

  #attach(draft: Draft, { device, number, at }: Command<'attach'>, delivery: Delivery | undefined): void {
    draft.settle(delivery);
    if (delivery?.redelivered) return; // its gateway attaches again once it knows the new owner
    if (!this.#devices.has(device)) return draft.close(at, this.#deleted ? 'accountDeleted' : 'revoked');
    const present = this.#attached.get(device);
    if (present && present.number > number) return draft.close(at, 'replaced');
    if (present) {
      if (present.at.session !== at.session || present.at.inbox !== at.inbox) draft.close(present.at, 'replaced');
      this.#release(draft, present);
    }
    this.#attached.set(device, new Attachment(device, at, number, this.#cursors.get(device) ?? 1));
  }

  #detach(draft: Draft, { device, at }: Command<'detach'>): void {
    const attachment = this.#find(device, at);
    if (attachment) this.#release(draft, attachment);
  }

  #release(draft: Draft, attachment: Attachment): void {
    this.#attached.delete(attachment.device);
    for (const carried of this.#held) if (carried.waiting.has(attachment.device)) return this.#storeHeld(draft);
  }

  #find(device: string, at: { inbox: string; session: number }): Attachment | undefined {
    const found = this.#attached.get(device);
    return found && found.at.session === at.session && found.at.inbox === at.inbox ? found : undefined;
  }

  #account(draft: Draft, command: Command<'account'>, delivery: Delivery | undefined): void {
    const newer =
      command.length > this.#length || (command.length === this.#length && command.deleted && !this.#deleted);
    if (!newer) {
      // Its first sweep may not have come to its end.
      if (delivery?.redelivered) this.#sweepDeparted(draft, delivery);
      else draft.settle(delivery);
      return;
    }
    this.#length = command.length;
    this.#deleted = command.deleted;
    const gone = [...this.#devices].filter((device) => !command.devices.includes(device));
    this.#devices = new Set(command.devices);
    const begin: Record<string, number> = {};
    for (const device of command.devices) {
      if (this.#cursors.has(device)) continue;
      begin[device] = this.#next;
      this.#cursors.set(device, this.#next);
    }
    const { length, devices, deleted } = command;
    draft.writes.push({ type: 'account', length, devices, deleted, cursors: begin });
    for (const device of gone) this.#dismiss(draft, device, deleted);
    for (const { at } of this.#attached.values()) draft.tell(at, { type: 'log', address: this.#user, length });
    if (gone.length > 0) this.#sweepDeparted(draft, delivery);
    else draft.settle(delivery);
  }

  /** The command is settled only after the sweep: a crash between would lose what the senders have to hear. */
  #sweepDeparted(draft: Draft, delivery: Delivery | undefined): void {
    this.#departures.push({ length: this.#length, delivery });
    this.#readToSweep(draft, 0, this.#length);
  }

  /** A device is out of use: what was for it alone and not taken goes back to its sender as expired. */
  #dismiss(draft: Draft, device: string, deleted: boolean): void {
    const attachment = this.#attached.get(device);
    if (attachment) draft.close(attachment.at, deleted ? 'accountDeleted' : 'revoked');
    draft.signals.push({ type: 'revoked', address: this.#user, device, deleted });
    this.#attached.delete(device);
    if (this.#held.size > 0) this.#storeHeld(draft); // then the sweep, asked for with it, decides
  }

  // ---- retention -----------------------------------------------------------

  #readToSweep(draft: Draft, from: number, length: number): void {
    draft.reads.push({ purpose: 'sweep', from, length, limit: SWEEP_CHUNKS });
  }

  #sweep(draft: Draft, chunks: readonly Chunk[], length: number): void {
    for (const chunk of chunks) {
      const at = this.#chunks.findIndex(({ n }) => n === chunk.n);
      const info = this.#chunks[at];
      if (!info) continue;
      const { left, bytes } = sweepChunk(chunk, {
        now: draft.now,
        own: this.#user,
        devices: this.#devices,
        cursors: this.#cursors,
        notices: draft.notices,
      });
      if (left === undefined) continue;
      if (left.length === 0) {
        draft.removals.push({ type: 'remove', n: chunk.n });
        this.#chunks.splice(at, 1);
      } else {
        draft.removals.push({ type: 'replace', chunk: { n: chunk.n, items: left }, bytes });
        this.#chunks[at] = { ...info, bytes };
      }
      this.#bytes -= info.bytes - (left.length === 0 ? 0 : bytes);
    }
    const last = chunks.at(-1);
    if (last && chunks.length === SWEEP_CHUNKS) {
      return this.#readToSweep(draft, last.n + last.items.length, length);
    }
    for (const departure of this.#departures) if (departure.length <= length) draft.settle(departure.delivery);
    this.#departures = this.#departures.filter((departure) => departure.length > length);
    this.#trim(draft);
  }
}
