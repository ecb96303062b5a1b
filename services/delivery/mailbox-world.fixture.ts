// The world of a mailbox in the model test: a queue, a store, sessions and senders, in which a crash may come between any two steps of
// a turn or of what follows earlier turns.
import { expect } from 'vitest';
import type { InboxMessage, MailboxCommand, MessageItem } from '#protocol/commands.ts';
import type { NoticeBody, Push } from '#protocol/frames/server.ts';
import { DAY_MS, KIB } from '#protocol/limits.ts';
import type { Incoming } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import { noCounts } from './counts.ts';
import type { MailboxRead, MailboxResult } from './draft.ts';
import { HoldBudget } from './held.ts';
import { AL, BO } from './mailbox.fixture.ts';
import { Mailbox } from './mailbox.ts';
import { type Queued, whoWillLack } from './mailbox-promise.fixture.ts';
import { MemoryMailboxStore } from './memory-store.fixture.ts';
import type { MailboxWrite } from './store.ts';

const RULES = { holdMs: 500, holdBytes: 40 * KIB, holdFrames: 32, quotaBytes: 300 * KIB, noticesBytes: 300 * KIB };
export const SHORT_MS = 2_000;
/** Between two steps of a turn: before the writes, tells, the settling, in its middle, and before what follows begins. */
export const STEPS = [
  'writes',
  'half written',
  'half removed',
  'tells',
  'settled',
  'half settled',
  'afterwards',
] as const;
type Step = (typeof STEPS)[number];

/** What has still to be done for a turn. */
type Following = {
  readonly relayed: readonly Queued[];
  removals: readonly MailboxWrite[];
  readonly settled: Delivery[];
};
type MailboxIncoming = Incoming<'mailbox', MailboxResult>;
type Session = {
  readonly session: number;
  readonly frames: Extract<Push, { n: number }>[];
  last: number;
  committed: number;
};

class Crash extends Error {}

export class World {
  readonly store = new MemoryMailboxStore();
  budget = new HoldBudget();
  readonly expiry = { believed: true };
  readonly counts = noCounts();
  readonly rules = RULES;
  mailbox = new Mailbox(AL, undefined, this);
  now = 1_800_000_000_000;
  crashAt: Step | undefined;
  length = 0;
  devices: string[] = [];
  queue: Queued[] = [];
  pending: MailboxIncoming[] = [];
  /** What follows earlier turns, the oldest first. */
  following: Following[] = [];
  reads: MailboxRead[] = [];
  readonly senders = ['b1', 'b2'].map((device) => ({ device, seq: 0, outbox: [] as MessageItem[], again: false }));
  readonly accepted = new Map<string, MessageItem>();
  readonly refused = new Set<string>();
  /** Each sending of a message is one, by `re` of its reply. */
  copies = 0;
  readonly refusedCopies = new Set<number>();
  /** Refused before the memory was lost, so that the mailbox no longer knows what has to wait for what: clients put it in its place. */
  readonly late = new Set<string>();
  /** `refused`: of what was posted to the group. */
  readonly heard = { delivered: new Set<string>(), expired: new Set<string>(), refused: new Set<string>() };
  posts = 0;
  /** Of what was posted: a turn decided to refuse it, though a crash may have undone that. */
  readonly refusedPosts = new Set<string>();
  /** What was told about messages that AL wrote to the group, with the devices that were in use then; and what each device took of it. */
  readonly told = new Map<string, readonly string[]>();
  readonly knows = new Map<string, Set<string>>();
  readonly sessions = new Map<string, Session>();
  readonly numbers = new Map<string, number>();
  lastSession = 0;
  /** What each device has committed, in order, without repetitions; and what it was told will not come. */
  readonly has = new Map<string, Set<string>>();
  readonly missed = new Map<string, Set<string>>();

  publish(command: MailboxCommand): void {
    const queued: Queued = { key: AL, command, handed: false, durable: true, settled: false, taken: false };
    this.queue.push(queued);
    this.#handOut(queued);
  }

  account(devices: string[]): void {
    this.devices = devices;
    this.length += 1;
    this.publish({ type: 'account', length: this.length, devices, deleted: false });
  }

  send(index: number, bodyChars: number, short: boolean): void {
    const sender = this.senders[index % 2] ?? expect.fail('no such sender');
    sender.seq += 1;
    const name = `${sender.device} ${sender.seq}`;
    const item: MessageItem = {
      type: 'message',
      id: name,
      from: BO,
      device: sender.device,
      conversation: 'c',
      seq: sender.seq,
      header: name,
      body: 'x'.repeat(bodyChars),
      slots: Object.fromEntries(this.devices.map((device) => [device, 'slot'])),
      receivedAt: this.now,
      expiresAt: this.now + (short ? SHORT_MS : 30 * DAY_MS),
    };
    sender.outbox.push(item);
    if (sender.again) this.resend(index);
    else this.#transmit(item);
  }

  /** As a client does on a new connection and after a refusal: oldest first. */
  resend(index: number): void {
    const sender = this.senders[index % 2] ?? expect.fail('no such sender');
    sender.again = false;
    for (const item of sender.outbox) this.#transmit(item);
  }

  #transmit(item: MessageItem): void {
    this.copies += 1;
    this.publish({ type: 'deliver', item, reply: { inbox: item.id, re: this.copies } });
  }

  /** A message to a group, whose actor waits for no answer: it counts as accepted, unless its sender hears that it was refused. */
  post(bodyChars: number, short: boolean, persons: number): void {
    this.posts += 1;
    const name = `g1 ${this.posts}`;
    const item: MessageItem = {
      ...{ type: 'message', id: name, from: BO, device: 'g1', conversation: 'team', seq: this.posts, header: name },
      body: 'x'.repeat(bodyChars),
      slots: Object.fromEntries(this.devices.map((device) => [device, 'slot'])),
      receivedAt: this.now,
      expiresAt: this.now + (short ? SHORT_MS : 30 * DAY_MS),
      group: { name: 'team@localhost', number: this.posts, persons },
    };
    this.accepted.set(name, item);
    this.publish({ type: 'deliver', item });
  }

  /** Another member took a message that AL wrote to the group. */
  tell(counted: boolean): void {
    const id = `told ${this.told.size}`;
    this.told.set(id, this.devices);
    const notice: NoticeBody = counted
      ? { kind: 'group.counted', conversation: 'team', entries: [{ id, delivered: 1, expired: 0, refused: 0 }] }
      : { kind: 'group.delivered', conversation: 'team', entries: [{ id, device: 'c1', by: 'cy@localhost' }] };
    const times = { receivedAt: this.now, expiresAt: this.now + 30 * DAY_MS };
    this.publish({ type: 'notify', item: { type: 'notice', notice, ...times } });
  }

  attach(device: string): void {
    const number = (this.numbers.get(device) ?? 0) + 1;
    this.numbers.set(device, number);
    this.lastSession += 1;
    const session = this.lastSession;
    this.sessions.set(device, { session, frames: [], last: 0, committed: 0 });
    this.publish({ type: 'attach', device, number, at: { inbox: 'gateway', session } });
  }

  lose(device: string, told: boolean): void {
    const session = this.sessions.get(device)?.session;
    this.sessions.delete(device);
    const at = { inbox: 'gateway', session: session ?? 0 };
    if (told) this.pending.push({ command: { type: 'detach', device, at } });
  }

  take(device: string, count: number): void {
    const session = this.sessions.get(device);
    if (!session) return;
    for (const frame of session.frames.slice(session.committed, session.committed + count)) {
      if (frame.type === 'deliver') this.#of(this.has, device).add(frame.header);
      else if (frame.type === 'notice' && frame.notice.kind === 'missed') {
        for (const seq of frame.notice.seqs) this.#of(this.missed, device).add(`${frame.notice.device} ${seq}`);
      } else if (frame.type === 'notice' && frame.notice.kind.startsWith('group.') && 'entries' in frame.notice) {
        for (const { id } of frame.notice.entries) this.#of(this.knows, device).add(id);
      }
    }
    session.committed = Math.min(session.committed + count, session.frames.length);
  }

  ack(device: string): void {
    const session = this.sessions.get(device);
    if (!session || session.committed === 0) return;
    const at = { inbox: 'gateway', session: session.session };
    this.pending.push({ command: { type: 'ack', device, at, upTo: session.committed, tags: [] } });
  }

  /** A turn about all that waits, and a crash where one is due. */
  async turn(): Promise<void> {
    const batch = this.pending;
    this.pending = [];
    for (const one of batch) if ('command' in one && one.delivery) this.#queued(one.delivery).taken = true;
    await this.#survive(() => this.mailbox.turn(batch, this.now));
  }

  /** What a read brings waits for the next turn; meanwhile more may happen. */
  async read(): Promise<void> {
    const read = this.reads.shift();
    if (read)
      this.pending.push({ result: { ...read, chunks: await this.store.read(AL, read.from, read.before, read.limit) } });
  }

  /** One step of what follows earlier turns, of those that may come next. */
  async follow(pick: number): Promise<boolean> {
    const [oldest] = this.following;
    const steps: (() => Promise<void> | void)[] = [];
    for (const queued of this.following.flatMap(({ relayed }) => relayed)) {
      if (!queued.handed) steps.push(() => this.#handOut(queued));
      if (!queued.durable && !queued.settled) {
        steps.push(() => {
          queued.durable = true;
        });
      }
    }
    if (oldest?.relayed.every(({ durable, settled }) => durable || settled)) {
      steps.push(() => this.#finishStep(oldest));
    }
    await steps[pick % Math.max(steps.length, 1)]?.();
    return steps.length > 0;
  }

  async #finishStep(following: Following): Promise<void> {
    if (following.removals.length > 0) {
      if (this.crashAt === 'half removed') return this.#removeHalf(following.removals);
      await this.store.write(AL, following.removals);
      following.removals = [];
      return;
    }
    const delivery = following.settled.shift();
    if (delivery) {
      delivery.settle();
      await this.#checkSettled(delivery);
    }
    if (following.settled.length === 0) {
      this.following.shift();
      for (const queued of following.relayed) if (!queued.handed) this.#handOut(queued);
    }
  }

  /** As a store does it that removes one document at a time, the cursors first and the chunks as they come. */
  async #removeHalf(removals: readonly MailboxWrite[]): Promise<void> {
    const cursors = removals.filter(({ type }) => type === 'cursor');
    const others = removals.filter(({ type }) => type !== 'cursor');
    await this.store.write(AL, [...cursors, ...others.filter((_, index) => index % 2 === 1)]);
    this.crashAt = undefined;
    await this.crash();
  }

  /** Its memory is dropped, as the host does it: what follows its turns has ended, or `failed` and is given up. */
  async drop(failed: boolean): Promise<void> {
    while (!failed && (await this.follow(0)));
    for (const { relayed } of this.following) for (const queued of relayed) if (!queued.handed) this.#handOut(queued);
    this.following = [];
    for (const { message } of this.mailbox.drop()) {
      if (message.type !== 'reattach') throw new Error(message.type);
      for (const [device, { session }] of this.sessions) if (session === message.session) this.sessions.delete(device);
    }
    expect(this.budget.bytes).toBe(0);
    this.#forget();
    this.mailbox = new Mailbox(AL, await this.store.load(AL), this);
    const held = this.queue.filter(({ key, settled, taken }) => key === AL && !settled && taken);
    this.pending = [...held.map((queued) => this.#given(queued, true)), ...this.pending];
  }

  async #survive(decide: () => ReturnType<Mailbox['turn']>): Promise<void> {
    try {
      const { writes, effects, tells, settled, afterwards, reads } = decide();
      if (effects) throw new Error('a mailbox has no effects that its turn waits for');
      for (const { command } of afterwards?.effects ?? [])
        this.#noteRefused(command as MailboxCommand, this.refusedPosts); // as below
      this.#mayCrash('writes');
      if (writes && this.crashAt === 'half written') await this.store.write(AL, writes.slice(0, writes.length / 2));
      this.#mayCrash('half written');
      if (writes) await this.store.write(AL, writes);
      this.#mayCrash('tells');
      for (const { inbox, message } of tells ?? []) this.#tell(inbox, message);
      this.#mayCrash('settled');
      if (settled && this.following.length > 0) {
        this.following.push({ relayed: [], removals: [], settled: [...settled] });
      } else
        for (const delivery of settled ?? []) {
          delivery.settle();
          await this.#checkSettled(delivery);
          this.#mayCrash('half settled');
        }
      this.#mayCrash('afterwards');
      if (afterwards) {
        const relayed = afterwards.effects.map(({ key, command }) => this.#relay(key, command as MailboxCommand)); // a mailbox addresses mailboxes
        this.following.push({ relayed, removals: afterwards.removals, settled: [...afterwards.settled] });
      }
      this.reads.push(...(reads ?? []));
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      await this.crash();
    }
  }

  #mayCrash(step: Step): void {
    if (this.crashAt !== step) return;
    this.crashAt = undefined;
    throw new Crash();
  }

  async crash(): Promise<void> {
    this.sessions.clear();
    this.reads = [];
    this.following = [];
    this.budget = new HoldBudget();
    for (const sender of this.senders) sender.again = true;
    this.#forget();
    this.mailbox = new Mailbox(AL, await this.store.load(AL), this);
    this.queue = this.queue.filter(({ durable }) => durable);
    this.pending = [];
    for (const queued of this.queue) if (!queued.settled) this.#handOut(queued, true);
  }

  /**
   * What was refused and settled is known to the sender alone from now on. What was refused and not settled comes again, and is taken, because
   * it might have been accepted: also ahead of a lower number that was refused with it, settled, sent again and accepted behind it.
   */
  #forget(): void {
    for (const { outbox } of this.senders) for (const { id } of outbox) if (this.refused.has(id)) this.late.add(id);
    for (const { command, settled } of this.queue) {
      if (command.type === 'deliver' && !settled && command.reply && this.refusedCopies.has(command.reply.re))
        this.late.add(command.item.id);
    }
  }

  #handOut(queued: Queued, redelivered = false): void {
    queued.handed = true;
    if (queued.key === AL) {
      queued.taken = false;
      this.pending.push(this.#given(queued, redelivered));
    } else {
      this.#hear(queued.command);
      queued.settled = true;
    }
  }

  #queued({ to }: Delivery): Queued {
    return this.queue.find(({ command }) => command === to.command) ?? expect.fail('it was never queued');
  }

  #given(queued: Queued, redelivered: boolean): MailboxIncoming & { delivery: Delivery } {
    const { command } = queued;
    const settle = () => {
      queued.settled = true;
    };
    return { command, delivery: { to: { kind: 'mailbox', key: AL, command }, redelivered, size: 1, settle } };
  }

  #relay(key: string, command: MailboxCommand): Queued {
    const queued: Queued = { key, command, handed: false, durable: false, settled: false, taken: false };
    this.queue.push(queued);
    return queued;
  }

  #hear(command: MailboxCommand): void {
    if (command.type !== 'notify') throw new Error(`a mailbox published ${command.type}`);
    const { notice } = command.item;
    if (notice.kind === 'delivered') for (const { id } of notice.entries) this.heard.delivered.add(id);
    else if (notice.kind === 'expired') for (const { id } of notice.entries) this.heard.expired.add(id);
    else if (notice.kind === 'group.delivered') for (const { id } of notice.entries) this.heard.delivered.add(id);
    else if (notice.kind === 'group.counted')
      for (const { id, delivered, expired } of notice.entries) {
        if (delivered > 0) this.heard.delivered.add(id);
        if (expired > 0) this.heard.expired.add(id);
      }
    // A device was enrolled while what was posted before was in the queue.
    else if (notice.kind !== 'refused' && !(notice.kind === 'stale' && notice.conversation === 'team'))
      throw new Error(`nothing here should cause ${notice.kind}`);
    this.#noteRefused(command, this.heard.refused);
  }

  #noteRefused(command: MailboxCommand, refused: Set<string>): void {
    if (command.type !== 'notify') return;
    const { notice } = command.item;
    if (notice.kind === 'refused') {
      for (const { id } of notice.entries) {
        if (!id.startsWith('g1')) throw new Error(`nobody should be told that ${id} was refused after all`);
        refused.add(id);
      }
    }
    if (notice.kind === 'group.counted')
      for (const entry of notice.entries) if (entry.refused > 0) refused.add(entry.id);
  }

  /** A send is answered to an inbox that has the name of its message. */
  #tell(inbox: string, message: InboxMessage): void {
    if (message.type === 'answer') this.#accept(inbox);
    if (message.type === 'refusal') {
      if (message.code !== 'over_quota' && message.code !== 'earlier_refused') throw new Error(message.code);
      this.refused.add(inbox);
      this.refusedCopies.add(message.re);
      for (const sender of this.senders) if (inbox.startsWith(sender.device)) sender.again = true;
    }
    if (message.type === 'push' && 'n' in message.frame) {
      for (const session of this.sessions.values()) {
        if (session.session !== message.session) continue;
        session.last += 1;
        expect(message.frame.n).toBe(session.last);
        session.frames.push(message.frame);
      }
    }
  }

  #accept(id: string): void {
    for (const sender of this.senders) {
      const sent = sender.outbox.find(({ id: waiting }) => waiting === id);
      if (!sent) continue;
      this.accepted.set(id, sent);
      sender.outbox = sender.outbox.filter((other) => other !== sent);
    }
  }

  /** What it does not keep is a failure. */
  async #checkSettled({ to }: Delivery): Promise<void> {
    if (to.kind !== 'mailbox' || to.command.type !== 'deliver' || !this.accepted.has(to.command.item.id)) return;
    const { id } = to.command.item;
    if (this.refusedPosts.has(id)) return;
    const lacking = await whoWillLack(to.command.item, this);
    if (lacking !== undefined) throw new Error(`${id} was settled, and ${lacking} will never see it`);
  }

  #of(sets: Map<string, Set<string>>, device: string): Set<string> {
    const present = sets.get(device) ?? new Set<string>();
    sets.set(device, present);
    return present;
  }
}
