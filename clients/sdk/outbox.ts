// Sending, as the client has it: texts in, sealed and queued in one transaction, moved by the queue, completed by late slots,
// given up after 14 days. What it promises is DESIGN section 3, Sends.
import type { Accounts } from './accounts.ts';
import { Composer, type ComposerDeps, type Draft } from './compose.ts';
import type { Connection } from './connection.ts';
import { EMPTY_CONTENT } from './content.ts';
import { type ClientEvent, trouble } from './events.ts';
import { LateSlots } from './late-slots.ts';
import type { Timers } from './platform.ts';
import type { MessageId, NewMessage, OutboxItem } from './profile/profile.ts';
import { SendQueue } from './send-queue.ts';

const PAGE_ITEMS = 64;

export type OutboxDeps = ComposerDeps & {
  readonly accounts: Accounts;
  readonly timers: Timers;
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

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#composer = new Composer(deps);
    this.#late = new LateSlots(deps);
    this.#queue = new SendQueue({
      sending: deps.profile.sending,
      clock: deps.clock,
      timers: deps.timers,
      emit: deps.emit,
      stale: (addresses, item) => this.#onStale(addresses, item),
      addressAnew: (item, connection) => this.#addressAnew(item, connection),
      hollowOut: (item) => this.#hollowOut(item),
    });
  }

  start(connection: Connection): void {
    this.#connection = connection;
    this.#queue.start(connection);
    this.#late.resume(connection).catch((error: unknown) => this.#trouble(error));
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
    const composed = await Promise.all(
      to.map(async (address): Promise<NewMessage[] | Error> => {
        try {
          return await this.#composer.messages(address, drafts, connection);
        } catch (error) {
          if (error instanceof Error) return error;
          throw error;
        }
      }),
    );
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

  /** A pinned log has another device: recent messages get slots for it. */
  newDevices(address: string): void {
    if (this.#connection !== undefined) this.#late.want(address, this.#connection);
  }

  /** Of the message's own people alone: a server that names others would have this client fetch and pin whom it likes. */
  #onStale(addresses: readonly string[], { conversation }: OutboxItem): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    for (const address of new Set([conversation, this.#deps.own.address])) {
      if (!addresses.includes(address)) continue;
      // An answer about a log is worth nothing to a connection that is gone: the next one is told again.
      this.#deps.accounts.refresh(address, connection).then(
        () => this.#late.want(address, connection),
        () => {},
      );
    }
  }

  async #addressAnew(item: OutboxItem, connection: Connection): Promise<boolean> {
    const readdressed = await this.#late.readdress(item, connection);
    if (readdressed === undefined) return false;
    return this.#deps.profile.sending.reseal(item.number, () => readdressed);
  }

  async #hollowOut(item: OutboxItem): Promise<void> {
    const { sending } = this.#deps.profile;
    const { conversation, id, number } = item;
    if ((await sending.sent(this.#deps.own.device, id))?.outcome === 'given_up') return;
    const reseal = await this.#composer.reseal(conversation);
    await sending.giveUp(number, 'too_old', (queued, previous) => reseal(queued, previous, EMPTY_CONTENT));
    const message = 'It could not be sent for 14 days and was given up.';
    this.#deps.emit({ type: 'given_up', id, conversation, code: 'too_old', message });
    // What follows in the conversation names the hash of the one before it.
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

  #trouble(error: unknown): void {
    this.#deps.emit(trouble(error));
  }
}
