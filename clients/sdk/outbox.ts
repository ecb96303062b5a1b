// Sending, as the client has it: texts in, sealed and queued in one transaction, moved by the queue, completed by late slots,
// given up after 14 days. What it promises is DESIGN section 3, Sends.
import type { ErrorCode } from '#protocol/errors.ts';
import type { Accounts } from './accounts.ts';
import { Composer, type ComposerDeps, type Draft, type Reseal } from './compose.ts';
import type { Connection } from './connection.ts';
import { EMPTY_CONTENT } from './content/content.ts';
import { type ClientEvent, trouble } from './events.ts';
import { refreshMissed } from './groups/recipients.ts';
import { mustBeUsable } from './groups/refusals.ts';
import { LateSlots } from './late-slots.ts';
import type { Timers } from './platform.ts';
import type { DeviceId, MessageId, NewMessage, OutboxItem } from './profile/profile.ts';
import { Refusal } from './refusal.ts';
import type { Renewal } from './renewals.ts';
import { SendQueue } from './send-queue.ts';
import type { SureTime } from './sure-time.ts';

const PAGE_ITEMS = 64;

export type OutboxDeps = ComposerDeps & {
  readonly accounts: Accounts;
  readonly timers: Timers;
  readonly sureTime: SureTime;
  emit(event: ClientEvent): void;
};

/** One of several messages of an act: queued under its id, or why not. */
export type SendResult =
  | { readonly to: string; readonly ids: readonly MessageId[] }
  | { readonly to: string; readonly error: Error };

export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #composer: Composer;
  readonly #late: LateSlots;
  readonly #queue: SendQueue;
  #connection: Connection | undefined;
  #resuming: Promise<void> = Promise.resolve();
  /** Devices that came while this process was there: the server says nothing of own ones that a message has no slot for. */
  readonly #added = new Map<string, readonly DeviceId[]>();

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#composer = new Composer(deps);
    this.#late = new LateSlots(deps);
    this.#queue = new SendQueue({
      own: deps.own,
      sending: deps.profile.sending,
      sureTime: deps.sureTime,
      timers: deps.timers,
      emit: deps.emit,
      committed: (items, stale) => this.#onCommitted(items, stale),
      addressAnew: (item, connection) => this.#addressAnew(item, connection),
      renew: (renewal, connection) => this.#renew(renewal, connection),
      closedBy: (item, said) => this.#closedBy(item, said),
      rechain: (item) => this.#rechain(item),
      hollowOut: (item) => this.#hollowOut(item),
    });
  }

  start(connection: Connection): void {
    this.#connection = connection;
    this.#queue.start(connection);
    this.#resuming = this.#late.resume(connection).catch((error: unknown) => this.#trouble(error));
  }

  /** Resolves when all that may leave in this session has left: answered messages, late slots. At once where there is no session. */
  async settled(): Promise<void> {
    await this.#queue.settled();
    await this.#resuming;
    await this.#late.idle();
  }

  /** Nothing in the outbox can go any more: said of each message, and once of all. `message`: why, as the session's end has said. */
  async abandon(code: ErrorCode, message: string): Promise<void> {
    const { sending } = this.#deps.profile;
    for (let count = 0; ; ) {
      const page = await sending.outbox(0, PAGE_ITEMS);
      if (page.length === 0) {
        const what = count === 1 ? '1 message in the outbox was' : `${count} messages in the outbox were`;
        if (count > 0) this.#deps.emit({ type: 'trouble', message: `${what} not sent, and will not be.` });
        return;
      }
      for (const { number, id, conversation, hidden } of page) {
        const before = (await sending.sent(this.#deps.own.device, id))?.outcome;
        await sending.drop(number, code);
        if (hidden) continue;
        count++;
        if (before === 'pending') this.#deps.emit({ type: 'refused', id, conversation, code, message });
      }
    }
  }

  async stop(): Promise<void> {
    this.#connection = undefined;
    await this.#queue.stop();
    await this.#late.idle();
  }

  /**
   * Queues drafts for each address, in order. One result each: what one person's log or identity forbids stops nobody else's. Resolves when
   * all of it is on disk; `accepted` and `refused` events follow. `connection` waits for a session where a log must be fetched.
   */
  async send(
    to: readonly string[],
    drafts: readonly Draft[],
    connection: () => Promise<Connection>,
  ): Promise<SendResult[]> {
    const composed = await this.#composed(to, drafts, connection);
    const messages = composed.flatMap((part) => (part instanceof Error ? [] : part));
    const items = messages.length === 0 ? [] : await this.#deps.profile.sending.enqueue(messages);
    this.#queue.added(items);
    let next = 0;
    return to.map((address, index) => {
      const part = composed[index];
      if (part === undefined || part instanceof Error) return { to: address, error: part ?? new Error('not composed') };
      const ids = items.slice(next, next + part.length).map(({ id }) => id);
      next += part.length;
      return { to: address, ids };
    });
  }

  /** Of each address, in order, why nothing can be sent to it, if that is so now. */
  async refused(to: readonly string[], connection: () => Promise<Connection>): Promise<(Error | undefined)[]> {
    const composed = await this.#composed(to, [], connection);
    return composed.map((part) => (part instanceof Error ? part : undefined));
  }

  #composed(
    to: readonly string[],
    drafts: readonly Draft[],
    connection: () => Promise<Connection>,
  ): Promise<(NewMessage[] | Error)[]> {
    return Promise.all(
      to.map(async (address) => {
        try {
          return await this.#composer.messages(address, drafts, connection);
        } catch (error) {
          if (error instanceof Error) return error;
          throw error;
        }
      }),
    );
  }

  /** A pinned log has further devices: recent messages get slots for them, and so will those that are sealed without, once they are accepted. */
  newDevices(address: string, devices: readonly DeviceId[]): void {
    this.#added.set(address, [...(this.#added.get(address) ?? []), ...devices]);
    if (this.#connection !== undefined) this.#late.want(address, this.#connection);
  }

  /** A server says of this pinned person, a member of a group, that a message had no slot for some of their devices. */
  async saidStale(address: string): Promise<void> {
    await this.#deps.profile.pins.update(address, (pin) => {
      const { said, done } = pin?.stale ?? { said: 0, done: 0 };
      return pin && { pin: { ...pin, stale: { said: said + 1, done } } };
    });
    if (this.#connection !== undefined) this.#late.catchUp(address, this.#connection);
  }

  #onCommitted(items: readonly OutboxItem[], stale: readonly string[]): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    for (const address of stale) this.#late.catchUp(address, connection);
    const { address: me, device: own } = this.#deps.own;
    for (const [address, devices] of this.#added) {
      const lacks = ({ conversation, slots }: OutboxItem) =>
        (address === me || address === conversation || slots.some(({ to }) => to === address)) &&
        devices.some((device) => device !== own && !slots.some((slot) => slot.device === device));
      if (items.some(lacks)) this.#late.want(address, connection);
    }
  }

  async #renew({ item, code }: Renewal, connection: Connection): Promise<void> {
    const { profile, accounts, groups, own } = this.#deps;
    const { conversation, number } = item;
    const known = await profile.groups.get(conversation);
    const record = known && (await groups.refresh(known, connection));
    if (code === 'missing_slots' && record !== undefined) await refreshMissed(record, item, own, accounts, connection);
    const reseal = await this.#composer.reseal(conversation, { connection: () => Promise.resolve(connection) });
    await this.#resealFrom(number - 1, conversation, reseal);
  }

  async #closedBy({ conversation }: OutboxItem, said: string): Promise<string> {
    const record = await this.#deps.profile.groups.get(conversation);
    try {
      if (record !== undefined) mustBeUsable(record);
      return said;
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  }

  /** All that is queued behind this number: each names the hash of the one before it. */
  async #resealFrom(number: number, conversation: string, reseal: Reseal): Promise<void> {
    const { sending } = this.#deps.profile;
    for (let after = number; ; ) {
      const page = await sending.outbox(after, PAGE_ITEMS);
      for (const later of page) {
        if (later.conversation === conversation)
          await sending.reseal(later.number, (queued, previous) => reseal(queued, previous));
      }
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.number;
    }
  }

  async #addressAnew(item: OutboxItem, connection: Connection): Promise<boolean> {
    if (item.group !== undefined) return false;
    const readdressed = await this.#late.readdress(item, connection);
    if (readdressed === undefined) return false;
    return this.#deps.profile.sending.reseal(item.number, () => readdressed);
  }

  /** Of what was to be sealed anew together, an end of this process has left a part. */
  async #rechain({ conversation, number }: OutboxItem): Promise<boolean> {
    const reseal = await this.#composer.reseal(conversation).catch(onlyRefusals);
    if (reseal instanceof Refusal) return false;
    await this.#resealFrom(number - 1, conversation, reseal);
    return true;
  }

  async #hollowOut(item: OutboxItem): Promise<void> {
    const { sending } = this.#deps.profile;
    const { conversation, id, number } = item;
    if ((await sending.sent(this.#deps.own.device, id))?.outcome === 'given_up') return;
    const reseal = await this.#composer.reseal(conversation).catch(onlyRefusals);
    if (reseal instanceof Refusal) return this.#dropTooOld(item);
    await sending.giveUp(number, 'too_old', (queued, previous) => reseal(queued, previous, EMPTY_CONTENT));
    this.#tellGivenUp(item);
    await this.#resealFrom(number, conversation, reseal);
  }

  /** There is no device that would miss its number. */
  async #dropTooOld(item: OutboxItem): Promise<void> {
    await this.#deps.profile.sending.drop(item.number, 'too_old');
    this.#tellGivenUp(item);
  }

  #tellGivenUp({ id, conversation, hidden }: OutboxItem): void {
    if (hidden) return;
    const message = 'It could not be sent for 14 days and was given up.';
    this.#deps.emit({ type: 'given_up', id, conversation, code: 'too_old', message });
  }

  #trouble(error: unknown): void {
    this.#deps.emit(trouble(error));
  }
}

function onlyRefusals(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}
