// Receiving: what a session pushes is opened in order, committed in one transaction a batch, and only then acked, in one ack a batch
// (DESIGN section 3). What fails to open is kept and shown; what fails to be kept is not acked and comes again.
import { ProtocolError, Unavailable } from '#protocol/errors.ts';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { DELIVERY_WINDOW_BYTES, DELIVERY_WINDOW_ITEMS } from '#protocol/limits.ts';
import type { Connection } from './connection.ts';
import { type NameTold, takeNames } from './device-names.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { Groups } from './groups/groups.ts';
import { type HeadClaim, Watch } from './missing.ts';
import { type Noticed, type NoticesDeps, readNotice } from './notices.ts';
import { Opener, type OpenerDeps, type Opening } from './opening.ts';
import type { Timers } from './platform.ts';
import type { Counted, NewEvent, NewUnreadable, Received, ReceivedBatch, StateChange } from './profile/profile.ts';
import { type Receipt, takeReceipts } from './receipts.ts';
import { sentenceOf } from './refusal.ts';

type Item = ServerFrameOf<'deliver'> | ServerFrameOf<'notice'> | ServerFrameOf<'entries'>;

export type InboxDeps = NoticesDeps &
  OpenerDeps & {
    readonly timers: Timers;
    readonly groups: Groups;
    emit(event: ClientEvent): void;
    /** A server says that a message of this device to a group had no slot for some devices of this member. */
    saidStale(address: string): Promise<void>;
  };

/** What waits to be opened. A server stops at its window; twice that, when the mailbox moved and its new owner begins anew. */
const WAITING_MAX_ITEMS = 2 * DELIVERY_WINDOW_ITEMS;
/** In characters of JSON; the window counts bytes before Base64, and its last item may go beyond it. */
const WAITING_MAX_CHARS = 4 * DELIVERY_WINDOW_BYTES;

/** What a batch of items comes to before it is committed. */
type Batch = {
  readonly messages: Received[];
  readonly tags: (readonly [number, string] | undefined)[];
  readonly unreadable: NewUnreadable[];
  readonly events: NewEvent[];
  readonly missed: NonNullable<ReceivedBatch['missed']>[number][];
  readonly changes: StateChange[];
  readonly refused: Noticed['refused'][number][];
  readonly heads: HeadClaim[];
  readonly receipts: Receipt[];
  readonly names: NameTold[];
  readonly counted: Counted[];
  readonly stale: string[];
};

export class Inbox {
  readonly #deps: InboxDeps;
  readonly #opener: Opener;
  readonly #watch: Watch;
  #connection: Connection | undefined;
  #items: Item[] = [];
  #waitingChars = 0;
  #synced = false;
  #last = 0;
  #working: Promise<void> | undefined;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
    this.#opener = new Opener(deps);
    this.#watch = new Watch(deps);
  }

  /** A receiving session begins: its items count from 1. */
  start(connection: Connection): void {
    this.#connection = connection;
    this.#items = [];
    this.#waitingChars = 0;
    this.#last = 0;
    this.#synced = false;
    this.#watch.stop();
  }

  /** The session is gone: what is being committed is finished, nothing more is opened. */
  async stop(): Promise<void> {
    this.#connection = undefined;
    this.#items = [];
    this.#watch.stop();
    await this.#working;
  }

  /** An item of the session. Its number must follow the one before: an ack takes everything up to a number. */
  item(frame: Item, connection: Connection): void {
    if (connection !== this.#connection) return;
    if (frame.n !== this.#last + 1) {
      const why = 'The server left out a number of this session.';
      this.#deps.emit({ type: 'trouble', message: why });
      return connection.close(why);
    }
    this.#last = frame.n;
    this.#waitingChars += charsOf(frame);
    if (this.#items.length === WAITING_MAX_ITEMS || this.#waitingChars > WAITING_MAX_CHARS) {
      return connection.violation('The server sends more than it may without an ack.');
    }
    this.#items.push(frame);
    this.#working ??= this.#work();
  }

  /** All that was stored has been sent: said to the person once it has been committed, too. */
  synced(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#synced = true;
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    try {
      // One turn later: what one read of the socket brought goes together.
      await Promise.resolve();
      while (this.#connection !== undefined) {
        const connection = this.#connection;
        const items = this.#items.splice(0, runLength(this.#items));
        for (const item of items) this.#waitingChars -= charsOf(item);
        if (items.length > 0) await this.#take(items, connection);
        else if (!this.#synced) return;
        else {
          this.#synced = false;
          this.#deps.emit({ type: 'synced' });
          this.#watch.synced();
          this.#deps.groups.synced(connection);
        }
      }
    } catch (error) {
      // Nothing of the batch was acked: the next session brings it again.
      // A question that went down with its connection: the link tells that.
      const lost = error instanceof Unavailable && this.#connection === undefined;
      if (!lost && !(error instanceof ProtocolError)) this.#deps.emit(trouble(error));
      this.#connection?.close(sentenceOf(error));
    } finally {
      this.#working = undefined;
    }
  }

  async #take(items: readonly Item[], connection: Connection): Promise<void> {
    const [first] = items;
    if (first?.type === 'entries') {
      await this.#deps.groups.take(first, connection);
      await this.#opener.entriesTaken(first);
      return connection.ack(first.n, []);
    }
    const batch: Batch = {
      messages: [],
      tags: [],
      unreadable: [],
      events: [],
      missed: [],
      changes: [],
      refused: [],
      heads: [],
      receipts: [],
      names: [],
      counted: [],
      stale: [],
    };
    for (const item of items) {
      if (item.type === 'deliver') collect(batch, item.n, await this.#opener.open(item, connection));
      else if (item.type === 'notice' && isOfTheBatch(item)) await this.#notice(batch, item);
    }
    const { receiving, sending } = this.#deps.profile;
    const { messages, unreadable, missed } = batch;
    const events = [...batch.events, ...(await this.#watch.contradictions(batch.heads))];
    const nothing = messages.length + unreadable.length + missed.length + events.length === 0;
    const results = nothing ? [] : await receiving.commitReceived({ messages, unreadable, missed, events });
    // Only now: what they are about may have come in the same batch.
    for (const item of items) if (item.type === 'notice' && !isOfTheBatch(item)) await this.#notice(batch, item);
    const changes = [...batch.changes, ...(await takeReceipts(batch.receipts, this.#deps))];
    await takeNames(batch.names, this.#deps.own, this.#deps.profile);
    const rose = changes.length > 0 ? await sending.raise(changes) : [];
    if (batch.counted.length > 0) await sending.count(batch.counted);
    for (const address of new Set(batch.stale)) await this.#deps.saidStale(address);
    const tags = batch.tags.filter((tag, index) => tag !== undefined && results[index]?.result !== 'fork');
    // `filter` has left no undefined.
    connection.ack(items.at(-1)?.n ?? 0, tags as (readonly [number, string])[]);
    const told = new Set(changes.filter((_, index) => rose[index] === true));
    for (const { change, conversation, code } of batch.refused) {
      if (!told.has(change)) continue;
      const message = conversation.startsWith('#')
        ? `${change.by} did not get a message to ${conversation}: the server refused it for them (${code}).`
        : `The server refused a message after all (${code}).`;
      this.#deps.emit({ type: 'refused', id: change.id, conversation, code, message });
    }
    this.#watch.committed(batch.heads);
  }

  async #notice(batch: Batch, { notice }: ServerFrameOf<'notice'>): Promise<void> {
    const { changes, missed, refused, counted, stale } = await readNotice(notice, this.#deps);
    batch.counted.push(...counted);
    batch.stale.push(...stale);
    batch.changes.push(...changes);
    batch.missed.push(...missed);
    batch.refused.push(...refused);
  }
}

/** How many items go together. Entries of a group's log go by themselves: what came before them is in the journal before them, what comes after them is opened with them. */
function runLength(items: readonly Item[]): number {
  const entries = items.findIndex(({ type }) => type === 'entries');
  return entries === -1 ? DELIVERY_WINDOW_ITEMS : Math.min(Math.max(1, entries), DELIVERY_WINDOW_ITEMS);
}

/** What a notice says of numbers that will not come is committed with what came. */
function isOfTheBatch({ notice }: ServerFrameOf<'notice'>): boolean {
  return notice.kind === 'missed';
}

function charsOf(item: Item): number {
  switch (item.type) {
    case 'deliver':
      return item.header.length + item.body.length + item.slot.length;
    case 'notice':
      return JSON.stringify(item.notice).length;
    case 'entries':
      return item.entries.reduce((sum, { entry, signature }) => sum + entry.length + signature.length, 0);
  }
}

function collect(batch: Batch, n: number, opening: Opening): void {
  if (opening.type === 'ignored') return;
  batch.events.push(...opening.events);
  if (opening.type === 'unreadable') {
    batch.unreadable.push(opening.unreadable);
    return;
  }
  const { received, tag, heads, read, name } = opening;
  batch.messages.push(received);
  batch.tags.push(tag === undefined ? undefined : [n, tag]);
  if (read !== undefined) {
    const { conversation, marks } = read;
    batch.receipts.push({ conversation, from: received.from, device: received.device, read: marks });
  }
  if (name !== undefined) batch.names.push({ ...received, name });
  for (const head of heads) batch.heads.push({ head, conversation: received.conversation, from: received.from });
}
