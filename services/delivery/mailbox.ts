// The mailbox actor: one for each user. It accepts messages for the user's devices, pushes them to those that are attached, keeps
// what they have not taken, and tells senders what became of it (DESIGN section 3). It decides; the host performs.
import type { MailboxCommand, NoticeItem } from '#protocol/commands.ts';
import type { Actor, Incoming, Plan, Tell } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import { Admission } from './admission.ts';
import { Attachments } from './attachments.ts';
import type { Attachment } from './carried.ts';
import type { MailboxRules } from './config.ts';
import type { MailboxCounts } from './counts.ts';
import { type AccountChange, Devices } from './devices.ts';
import { Draft, type MailboxRead, type MailboxResult } from './draft.ts';
import { Gathered } from './gathered.ts';
import { Held, type HoldBudget } from './held.ts';
import { LastSeen } from './last-seen.ts';
import { LastUses } from './last-uses.ts';
import { Placing } from './placing.ts';
import { Recent } from './recent.ts';
import type { MailboxState, MailboxWrite } from './store.ts';
import { Stored } from './stored.ts';
import { Sweeps } from './sweeps.ts';

/** What the mailboxes of one partition share. */
export type MailboxWorld = {
  readonly rules: MailboxRules;
  readonly budget: HoldBudget;
  /** Whether the clock may say that something has expired (expiry.ts). */
  readonly expiry: { readonly believed: boolean };
  /** Of all mailboxes of this process. */
  readonly counts: MailboxCounts;
};

type Command<T extends MailboxCommand['type']> = Extract<MailboxCommand, { type: T }>;

export class Mailbox implements Actor<'mailbox', MailboxWrite, MailboxRead, MailboxResult> {
  readonly #user: string;
  readonly #expiry: MailboxWorld['expiry'];
  readonly #counts: MailboxCounts;
  readonly #devices: Devices;
  readonly #lastUses: LastUses;
  readonly #lastSeen: LastSeen;
  readonly #stored: Stored;
  readonly #attached: Attachments;
  readonly #sweeps: Sweeps;
  readonly #admission: Admission;
  readonly #held: Held;
  readonly #gathered: Gathered;
  readonly #placing: Placing;
  readonly #recent = new Recent();

  constructor(user: string, state: MailboxState | undefined, { rules, budget, expiry, counts }: MailboxWorld) {
    this.#user = user;
    this.#expiry = expiry;
    this.#counts = counts;
    this.#devices = new Devices(state);
    this.#lastUses = new LastUses(state);
    this.#lastSeen = new LastSeen(user, state);
    this.#stored = new Stored(user, state);
    this.#admission = new Admission(user, rules, this.#devices, this.#stored);
    this.#held = new Held(rules, budget, this.#stored);
    this.#gathered = new Gathered(budget);
    this.#attached = new Attachments(this.#stored);
    this.#placing = new Placing({
      devices: this.#devices,
      admission: this.#admission,
      attached: this.#attached,
      held: this.#held,
      stored: this.#stored,
    });
    this.#sweeps = new Sweeps(this.#stored);
  }

  get idle(): boolean {
    return this.#attached.size === 0 && this.#held.empty && this.#gathered.empty && !this.#sweeps.departing;
  }

  drop(): readonly Tell[] {
    this.#held.drop();
    this.#gathered.drop();
    return this.#attached.farewell();
  }

  leave(now: number): Plan<MailboxWrite, MailboxRead> {
    const draft = new Draft(this.#user, now, false, this.#counts);
    this.#letGo(draft, true);
    this.#held.store(draft);
    this.#stored.flush(draft);
    return draft.plan(undefined);
  }

  gone(inbox: string): readonly MailboxCommand[] {
    return this.#attached.through(inbox).map(({ device, at }) => ({ type: 'detach', device, at, lost: true }));
  }

  turn(batch: readonly Incoming<'mailbox', MailboxResult>[], now: number): Plan<MailboxWrite, MailboxRead> {
    const draft = new Draft(this.#user, now, this.#expiry.believed, this.#counts);
    for (const incoming of batch) {
      if ('result' in incoming) this.#page(draft, incoming.result);
      else this.#decide(draft, incoming.command, incoming.delivery);
    }
    if ((this.#held.due ?? Number.POSITIVE_INFINITY) <= now) this.#held.store(draft);
    this.#letGo(draft, !this.#held.roomy);
    this.#stored.flush(draft);
    this.#attached.pump(draft);
    return draft.plan(earliest(this.#held.due, this.#gathered.due));
  }

  /** Lets gathered notices go that may leave by now, or all of them: what waits must not keep frames in the queue that others need room for. */
  #letGo(draft: Draft, all: boolean): void {
    this.#gathered.leave(draft.now, all, (item, deliveries) => this.#placing.beside(draft, item, deliveries));
  }

  #decide(draft: Draft, command: MailboxCommand, delivery: Delivery | undefined): void {
    switch (command.type) {
      case 'deliver':
        return this.#deliver(draft, command, delivery);
      case 'entries':
        return void this.#placing.beside(draft, command.item, delivery ? [delivery] : []);
      case 'notify':
        return this.#notify(draft, command.item, delivery);
      case 'ack':
        return this.#ack(draft, command);
      case 'attach':
        return this.#attach(draft, command, delivery);
      case 'detach':
        draft.settle(delivery);
        return this.#detach(draft, command);
      case 'account':
        return this.#account(draft, command, delivery);
      case 'used':
        if (this.#devices.inUse.has(command.device)) this.#lastUses.note(draft, command.device);
        return;
      case 'devices.used':
        return this.#lastUses.answer(draft, command.reply, this.#devices.inUse, (device) => this.#attached.has(device));
      case 'seen':
        if (this.#devices.inUse.size > 0) this.#lastSeen.note(draft);
        return;
      case 'seen.ask':
        return this.#lastSeen.answer(draft, command.inbox, this.#devices.inUse.size > 0);
      case 'sweep':
        this.#sweeps.begin(draft);
    }
  }

  // ---- messages in ---------------------------------------------------------

  #deliver(draft: Draft, { item, reply }: Command<'deliver'>, delivery: Delivery | undefined): void {
    const served = this.#recent.served(item);
    const { inUse } = this.#devices;
    const devices = Object.keys(item.slots).filter((device) => inUse.has(device) && !served?.includes(device));
    const again = { late: served !== undefined, perhaps: delivery?.redelivered === true, forGood: !reply };
    const refusal = this.#admission.judge(item, again, devices.length > 0);
    if (!reply && this.#devices.lackSlots(item, served)) draft.notices.stale(item);
    if (refusal) {
      // A group that repeats a message, for want of an answer or with late slots, takes back nothing that was accepted.
      if (reply ? delivery?.redelivered : !served) draft.notices.refused(item, refusal);
      if (reply) draft.refuse(reply, refusal);
      return draft.settle(delivery);
    }
    if (!served && devices.length > 0 && item.from !== this.#user) this.#counts.accepted += 1;
    this.#recent.add(item, devices);
    if (devices.length > 0) this.#placing.place(draft, item, devices, delivery ? [delivery] : []);
    else draft.settle(delivery);
    if (reply) draft.accept(reply, item.receivedAt, this.#devices.isStale(item, served) ? this.#user : undefined);
  }

  #notify(draft: Draft, item: NoticeItem, delivery: Delivery | undefined): void {
    if (!this.#gathered.add(item, delivery)) this.#placing.beside(draft, item, delivery ? [delivery] : []);
  }

  // ---- messages out --------------------------------------------------------

  #ack(draft: Draft, { device, at, upTo, tags }: Command<'ack'>): void {
    const attachment = this.#attached.find(device, at);
    if (!attachment) return;
    this.#lastUses.note(draft, device);
    const tagOf = new Map(tags);
    for (const { n, carried } of attachment.acked(upTo)) {
      carried.waiting.delete(device);
      const { item } = carried;
      const news = item.type === 'message' && item.from !== this.#user && !this.#stored.isTaken(carried, device);
      if (news) draft.notices.delivered(item, device, tagOf.get(n));
      carried.taken = true;
      if (carried.waiting.size > 0 || !this.#held.acked(carried)) continue;
      for (const delivery of carried.deliveries) draft.settle(delivery);
    }
    if (this.#attached.raise(draft)) this.#trim(draft);
  }

  /** What every device has leaves silently; what devices out of use left behind does not: the sweep tells the senders first. */
  #trim(draft: Draft): void {
    const { inUse } = this.#devices;
    if (inUse.size > 0 && !this.#sweeps.departing) this.#stored.trim(draft, inUse);
  }

  /** What a read brought. */
  #page(draft: Draft, result: MailboxResult): void {
    if (result.purpose === 'sweep') {
      this.#sweeps.page(draft, result, this.#devices.inUse);
      this.#trim(draft);
    } else if (this.#attached.page(draft, result, this.#devices.inUse) && this.#attached.raise(draft)) {
      this.#trim(draft);
    }
  }

  // ---- devices -------------------------------------------------------------

  #attach(draft: Draft, command: Command<'attach'>, delivery: Delivery | undefined): void {
    draft.settle(delivery);
    if (delivery?.redelivered) return draft.reattach(command.at); // it may be pushed to from an earlier owner
    const { device, at } = command;
    if (!this.#devices.inUse.has(device)) return draft.close(at, this.#devices.deleted ? 'accountDeleted' : 'revoked');
    this.#lastUses.note(draft, device);
    const replaced = this.#attached.attach(draft, command);
    if (replaced) this.#release(draft, replaced);
  }

  #detach(draft: Draft, { device, at, lost }: Command<'detach'>): void {
    const attachment = this.#attached.find(device, at);
    if (!attachment) return;
    if (lost) draft.reattach(at);
    this.#lastUses.note(draft, device);
    this.#attached.remove(device);
    this.#release(draft, attachment);
  }

  /** What was held for an attachment that is no more is stored. */
  #release(draft: Draft, { device }: Attachment): void {
    if (this.#held.waitsFor(device)) this.#held.store(draft);
  }

  #account(draft: Draft, command: AccountChange, delivery: Delivery | undefined): void {
    const gone = this.#devices.change(command);
    if (!gone) {
      // Its sweep may not have begun or ended. What is only repeated costs nothing: anybody may repeat it.
      const unswept = this.#devices.areLoadedFrom(command) && this.#stored.outlived(this.#devices.inUse);
      if (delivery?.redelivered || unswept) this.#sweeps.depart(draft, delivery);
      else draft.settle(delivery);
      return;
    }
    const { length, devices, deleted } = command;
    this.#stored.flush(draft); // a new device begins behind it: were only the cursor written, what takes these numbers later would be lost to it
    const [cursors, used] = [this.#stored.begin(devices), this.#lastUses.keep(devices)];
    draft.writes.push({ type: 'account', length, devices, deleted, cursors, used });
    for (const device of gone) this.#dismiss(draft, device, deleted);
    this.#attached.tellLog(draft, this.#user, length);
    if (gone.length > 0) this.#sweeps.depart(draft, delivery);
    else draft.settle(delivery);
  }

  /** A device is out of use: what was for it alone and not taken goes back to its sender as expired. */
  #dismiss(draft: Draft, device: string, deleted: boolean): void {
    const attachment = this.#attached.of(device);
    if (attachment) draft.close(attachment.at, deleted ? 'accountDeleted' : 'revoked');
    draft.signals.push({ type: 'revoked', address: this.#user, device, deleted });
    this.#attached.remove(device);
    this.#held.store(draft); // then the sweep, asked for with it, decides
  }
}

/** Times in ms since 1970. */
function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
