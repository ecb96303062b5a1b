// A mailbox on a store in memory, whose plans are performed in the order that actor.ts gives, and recorded.
import type {
  EntriesItem,
  InboxMessage,
  MailboxCommand,
  MessageItem,
  NoticeItem,
  SessionRef,
} from '#protocol/commands.ts';
import type { NoticeBody, Push } from '#protocol/frames/server.ts';
import { DAY_MS, MIB } from '#protocol/limits.ts';
import type { Incoming, Plan } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import type { MailboxRules } from './config.ts';
import { noCounts } from './counts.ts';
import type { MailboxRead, MailboxResult } from './draft.ts';
import { HoldBudget } from './held.ts';
import { Mailbox } from './mailbox.ts';
import { MemoryMailboxStore } from './memory-store.fixture.ts';
import type { MailboxWrite } from './store.ts';

export const AL = 'al@localhost';
export const BO = 'bo@localhost';
const CONVERSATION = `${AL} ${BO}`;
export const TEAM = 'team@localhost';

/** first, first + 1, … last. */
export const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
/** The names of the messages with these numbers. */
export const names = (first: number, last: number): string[] => numbers(first, last).map((n) => `m${n}`);

type MailboxIncoming = Incoming<'mailbox', MailboxResult>;
export type MessageOptions = {
  readonly to?: readonly string[];
  readonly from?: string;
  readonly device?: string;
  readonly conversation?: string;
  readonly bodyChars?: number;
  readonly expiresAt?: number;
  readonly redelivered?: boolean;
  /** To a group, which goes to so many persons: its actor waits for no answer. */
  readonly persons?: number;
  /** Of which it is a part in the queue. */
  readonly frame?: object;
};

export class Box {
  readonly store = new MemoryMailboxStore();
  readonly rules: MailboxRules;
  budget = new HoldBudget();
  readonly expiry = { believed: true };
  readonly counts = noCounts();
  now = 1_800_000_000_000;
  mailbox: Mailbox;
  /** What the last turn decided. */
  plan: Plan<MailboxWrite, MailboxRead> = {};
  /** Names of the settled commands, in order. */
  readonly settled: string[] = [];
  /** Notices to senders and to own devices, in order. */
  readonly notices: { readonly to: string; readonly notice: NoticeBody; readonly devices?: readonly string[] }[] = [];
  /** What the sessions were told, in order. */
  readonly frames = new Map<number, Push[]>();
  readonly closed: string[] = [];
  readonly answers = new Map<number, InboxMessage>();
  #reads: MailboxRead[] = [];

  private constructor(rules: Partial<MailboxRules>) {
    this.rules = { holdMs: 500, holdBytes: MIB, holdFrames: 32, quotaBytes: MIB, noticesBytes: MIB, ...rules };
    this.mailbox = new Mailbox(AL, undefined, this);
  }

  /** The mailbox of AL with these devices in use. */
  static async make(devices: readonly string[] = ['a1'], rules: Partial<MailboxRules> = {}): Promise<Box> {
    const box = new Box(rules);
    await box.turn(box.account(1, devices));
    box.settled.length = 0;
    return box;
  }

  /** Performs one turn. Its reads wait for `reads`. */
  async turn(...batch: readonly MailboxIncoming[]): Promise<void> {
    await this.#perform(this.mailbox.turn(batch, this.now));
  }

  /** Its partition goes to another process; `crash` is that one's beginning. */
  async handOver(): Promise<void> {
    await this.#perform(this.mailbox.leave(this.now));
  }

  /** The gateway with this inbox is no more. */
  async lose(inbox: string): Promise<void> {
    await this.turn(...this.mailbox.gone(inbox).map((command) => ({ command })));
  }

  async #perform(plan: Plan<MailboxWrite, MailboxRead>): Promise<void> {
    this.plan = plan;
    const { writes, tells, afterwards, reads } = this.plan;
    if (this.plan.effects) throw new Error('a mailbox has no effects that its turn waits for');
    if (writes) await this.store.write(AL, writes);
    for (const { message } of tells ?? []) this.#tell(message);
    for (const delivery of this.plan.settled ?? []) delivery.settle();
    for (const { key, command } of afterwards?.effects ?? []) {
      if (command.type !== 'notify') throw new Error(`a mailbox published ${command.type}`);
      const { notice, devices } = command.item;
      this.notices.push({ to: key, notice, ...(devices ? { devices } : {}) });
    }
    if (afterwards) await this.store.write(AL, afterwards.removals);
    for (const delivery of afterwards?.settled ?? []) delivery.settle();
    this.#reads.push(...(reads ?? []));
  }

  /** Answers the reads that wait, and those that follow from them. Returns how many there were. */
  async reads(): Promise<number> {
    let count = 0;
    for (let read = this.#reads.shift(); read; read = this.#reads.shift()) {
      count += 1;
      await this.turn({ result: { ...read, chunks: await this.store.read(AL, read.from, read.before, read.limit) } });
    }
    return count;
  }

  /** Another process takes over with what the store has; nothing of the memory is left. */
  async crash(): Promise<void> {
    this.#reads = [];
    this.budget = new HoldBudget();
    this.mailbox = new Mailbox(AL, await this.store.load(AL), this);
  }

  async attach(device: string, session: number, number = session): Promise<void> {
    await this.turn(this.attaching(device, session, number));
    await this.reads();
  }

  // ---- what comes in -------------------------------------------------------

  /** The message with this number; its name in `settled` and `pushed` is `m<seq>`. */
  message(seq: number, options: MessageOptions = {}): MailboxIncoming {
    const { to = ['a1'], from = BO, device = 'b1', conversation = CONVERSATION, bodyChars = 100 } = options;
    const item: MessageItem = {
      type: 'message',
      id: `id ${seq}`,
      from,
      device,
      conversation,
      seq,
      header: `m${seq}`,
      body: 'x'.repeat(bodyChars),
      slots: Object.fromEntries(to.map((name) => [name, `slot of ${name}`])),
      receivedAt: this.now,
      expiresAt: options.expiresAt ?? this.now + 30 * DAY_MS,
      ...(options.persons ? { group: { name: TEAM, number: seq, persons: options.persons } } : {}),
    };
    const reply = options.persons ? {} : { reply: { inbox: 'gateway', re: seq } };
    return this.published({ type: 'deliver', item, ...reply }, `m${seq}`, options.redelivered, options.frame);
  }

  /** Entries of a group's log; their name in `settled`, `pushed` and `stored` is `e<number>`. */
  entries(number: number, { from = BO, chars = 400, expiresAt = this.now + 30 * DAY_MS } = {}): MailboxIncoming {
    const entry = { entry: 'x'.repeat(chars), signature: 'signature' };
    const item: EntriesItem = {
      type: 'entries',
      ...{ name: TEAM, group: 'group id', number, entries: [entry], from },
      ...{ receivedAt: this.now, expiresAt },
    };
    return this.published({ type: 'entries', item }, `e${number}`);
  }

  /** A notice about messages to a group, named `name` in `settled`. */
  told(notice: NoticeBody, name: string, frame?: object): MailboxIncoming {
    const item: NoticeItem = { type: 'notice', notice, receivedAt: this.now, expiresAt: this.now + 30 * DAY_MS };
    return this.published({ type: 'notify', item }, name, false, frame);
  }

  notice(to?: readonly string[], expiresAt = this.now + 30 * DAY_MS): MailboxIncoming {
    const notice: NoticeBody = { kind: 'delivered', conversation: CONVERSATION, by: BO, entries: [], more: 0 };
    const item: NoticeItem = {
      type: 'notice',
      notice,
      receivedAt: this.now,
      expiresAt,
      ...(to ? { devices: to } : {}),
    };
    return this.published({ type: 'notify', item }, 'notice');
  }

  missed(): MailboxIncoming {
    const notice: NoticeBody = { kind: 'missed', conversation: CONVERSATION, from: BO, device: 'b1', seqs: [1] };
    const item: NoticeItem = { type: 'notice', notice, receivedAt: this.now, expiresAt: this.now + DAY_MS };
    return this.published({ type: 'notify', item }, 'missed');
  }

  account(length: number, devices: readonly string[], deleted = false, redelivered = false): MailboxIncoming {
    return this.published({ type: 'account', length, devices, deleted }, `account ${length}`, redelivered);
  }

  attaching(device: string, session: number, number = session, redelivered = false): MailboxIncoming {
    return this.published({ type: 'attach', device, number, at: at(session) }, `attach ${session}`, redelivered);
  }

  detach(device: string, session: number): MailboxIncoming {
    return { command: { type: 'detach', device, at: at(session) } };
  }

  ack(
    device: string,
    session: number,
    upTo: number,
    tags: readonly (readonly [number, string])[] = [],
  ): MailboxIncoming {
    return { command: { type: 'ack', device, at: at(session), upTo, tags } };
  }

  sweep(): MailboxIncoming {
    return { command: { type: 'sweep' } };
  }

  published(command: MailboxCommand, name: string, redelivered = false, frame?: object): MailboxIncoming {
    const settle = () => {
      this.settled.push(name);
    };
    const delivery: Delivery = { to: { kind: 'mailbox', key: AL, command }, redelivered, size: 1, frame, settle };
    return { command, delivery };
  }

  // ---- what came of it -----------------------------------------------------

  /** What a session was told: `m<seq>`, `e<number>` for entries, `synced`, `log`, or the kind of a notice. */
  pushed(session: number): string[] {
    return (this.frames.get(session) ?? []).map((frame) => {
      if (frame.type === 'deliver') return frame.header;
      if (frame.type === 'entries') return `e${frame.number}`;
      return frame.type === 'notice' ? frame.notice.kind : frame.type;
    });
  }

  /** `ok`, `ok stale`, or the code of the refusal; undefined: no answer. */
  answer(seq: number): string | undefined {
    const message = this.answers.get(seq);
    if (message?.type === 'refusal') return message.code;
    if (message?.type !== 'answer') return undefined;
    return 'stale' in message.answer && message.answer.stale ? 'ok stale' : 'ok';
  }

  /** The names of the messages in the store, chunk by chunk; an emptied one is `-`. */
  async stored(): Promise<string[][]> {
    const chunks = await this.store.read(AL, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return chunks.map(({ items }) =>
      items.map(({ item }) => {
        if (!item) return '-';
        if (item.type === 'entries') return `e${item.number}`;
        return item.type === 'message' ? item.header : item.notice.kind;
      }),
    );
  }

  #tell(message: InboxMessage): void {
    switch (message.type) {
      case 'answer':
      case 'refusal':
        this.answers.set(message.re, message);
        return;
      case 'push':
        this.frames.set(message.session, [...(this.frames.get(message.session) ?? []), message.frame]);
        return;
      case 'close':
        this.closed.push(`${message.session} ${message.why}`);
        return;
      case 'reattach':
        this.closed.push(`${message.session} reattach`);
    }
  }
}

const at = (session: number): SessionRef => ({ inbox: 'gateway', session });
