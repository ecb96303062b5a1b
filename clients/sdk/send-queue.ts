// Moves sealed messages from the outbox to the server: oldest first in each conversation, a window of unanswered ones, the same
// bytes again on every new connection until the server has answered (DESIGN section 3, Sends). It seals nothing itself.
import { decodeBase64 } from '#protocol/base64.ts';
import { RequestError } from '#protocol/errors.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { OUTBOX_MAX_AGE_MS, SENDS_UNANSWERED_MAX } from '#protocol/limits.ts';
import type { Connection } from './connection.ts';
import { type ClientEvent, trouble } from './events.ts';
import { Holds } from './holds.ts';
import type { Timers } from './platform.ts';
import { ORDER_MAX } from './profile/ordered.ts';
import type { OutboxItem, Placed, SendingPart } from './profile/profile.ts';
import { isFinal, Refusal } from './refusal.ts';
import { isRenewable, type Renewal, Renewals } from './renewals.ts';
import { sendFields } from './send-fields.ts';
import type { SureTime } from './sure-time.ts';

const PAGE_ITEMS = 64;

export interface SendQueueDeps {
  readonly own: { readonly address: string };
  readonly sending: SendingPart;
  readonly sureTime: SureTime;
  readonly timers: Timers;
  emit(event: ClientEvent): void;
  /** Accepted and committed. `stale`: people of theirs who have other devices in use than there are slots for, as their pins say now. */
  committed(items: readonly OutboxItem[], stale: readonly string[]): void;
  /** Refused because its devices are gone: makes slots for those in use. False: there are none, or it was tried already. */
  addressAnew(item: OutboxItem, connection: Connection): Promise<boolean>;
  /**
   * The group has changed, or its members have other devices: seals this one and all later ones of its conversation anew. Throws Refusal where the
   * person must decide first, RequestError where it can never go, Unavailable.
   */
  renew(renewal: Renewal, connection: Connection): Promise<void>;
  /** Nothing can go to this group any more: its sentence for the person; `said`: the server's. */
  closedBy(item: OutboxItem, said: string): Promise<string>;
  /** Seals this one and all later ones of its conversation anew, as the one before it is now. False: the person must decide first, so it goes as it is. */
  rechain(item: OutboxItem): Promise<boolean>;
  /** Too old: gives it up, puts an empty message under its number and seals what follows it anew. Harmless if done before. */
  hollowOut(item: OutboxItem): Promise<void>;
}

type Answered = {
  readonly item: OutboxItem;
  readonly receivedAt: number;
  readonly stale: readonly string[];
  readonly placed: readonly Placed[];
};
/** The group is closed to this person: what waits behind is refused likewise. */
const CLOSED: readonly string[] = ['not_a_member', 'no_such_group'];
/** The same as this client finds it. */
const ENDED: readonly string[] = ['group_ended', 'group_forked'];

export class SendQueue {
  readonly #deps: SendQueueDeps;
  #connection: Connection | undefined;
  readonly #inFlight = new Map<number, OutboxItem>();
  readonly #holds: Holds;
  readonly #renewals = new Renewals();
  /** Answered and not yet committed: still in the outbox. */
  readonly #answered: Answered[] = [];
  readonly #done = new Set<number>();
  /** Given up: what is queued under these numbers is empty. */
  readonly #hollow = new Set<number>();
  #buffer: OutboxItem[] = [];
  #readUpTo = 0;
  #filling = false;
  #again = false;
  #committing: Promise<void> | undefined;
  /** Refusals that are being dealt with. */
  #refusals = 0;
  #waiters: (() => void)[] = [];

  constructor(deps: SendQueueDeps) {
    this.#deps = deps;
    this.#holds = new Holds(deps.timers);
  }

  /** A session is there: everything unanswered goes again, oldest first. */
  start(connection: Connection): void {
    this.#connection = connection;
    this.#inFlight.clear();
    this.#renewals.clear();
    this.#rewind(0);
    void this.#fill();
  }

  /** The session is gone: nothing more leaves; what was answered is still committed. */
  async stop(): Promise<void> {
    this.#connection = undefined;
    this.#holds.clear();
    this.#renewals.clear();
    this.#look();
    await this.#committing;
  }

  /** Resolves when all that may leave now was answered and committed, or there is no session any more. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#look();
    });
  }

  /** Items that this process has just enqueued, in order. */
  added(items: readonly OutboxItem[]): void {
    // Read back from the outbox only where another process may have put something before them.
    const follows = items[0]?.number === this.#readUpTo + 1 && this.#buffer.length + items.length <= PAGE_ITEMS * 16;
    if (follows) {
      this.#buffer.push(...items);
      this.#readUpTo = items.at(-1)?.number ?? this.#readUpTo;
    }
    void this.#fill();
  }

  async #fill(): Promise<void> {
    if (this.#filling) {
      this.#again = true;
      return;
    }
    this.#filling = true;
    try {
      do {
        this.#again = false;
        await this.#round();
      } while (this.#again);
    } catch (error) {
      this.#deps.emit(trouble(error));
    } finally {
      this.#filling = false;
      this.#look();
    }
  }

  async #round(): Promise<void> {
    while (this.#connection !== undefined && this.#inFlight.size < SENDS_UNANSWERED_MAX) {
      const item = this.#buffer.shift();
      if (item === undefined) {
        const from = this.#readUpTo;
        const page = await this.#deps.sending.outbox(from, PAGE_ITEMS);
        if (page.length === 0) return;
        // A rewind or an addition during the read has made this page the wrong one.
        if (from !== this.#readUpTo || this.#buffer.length > 0) continue;
        this.#buffer = page;
        this.#readUpTo = page.at(-1)?.number ?? from;
      } else if (this.#mayGo(item)) await this.#dispatch(item, this.#connection);
    }
  }

  #mayGo(item: OutboxItem): boolean {
    if (this.#inFlight.has(item.number) || this.#done.has(item.number)) return false;
    if (this.#renewals.holds(item.conversation)) return false;
    const state = this.#holds.stateOf(item.conversation);
    return state === 'tried' ? !this.#isUnderWay(item.conversation) : state === 'free';
  }

  #isUnderWay(conversation: string): boolean {
    for (const other of this.#inFlight.values()) if (other.conversation === conversation) return true;
    return false;
  }

  async #dispatch(item: OutboxItem, connection: Connection): Promise<void> {
    const tooOld = this.#deps.sureTime.now() - item.createdAt > OUTBOX_MAX_AGE_MS;
    if (tooOld && !this.#hollow.has(item.number)) {
      await this.#deps.hollowOut(item);
      this.#hollow.add(item.number);
      this.#rewind(item.number - 1);
    } else if (item.outdated && (await this.#deps.rechain(item))) this.#rewind(item.number - 1);
    else this.#send(item, connection);
  }

  #send(item: OutboxItem, connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#inFlight.set(item.number, item);
    connection.send(sendFields(item, item.slots, item.retention)).then(
      (answer) => this.#onAccepted(item, answer, connection),
      (error: unknown) => {
        // Anything else than a refusal is the connection's end: then `start` sends it again.
        if (connection === this.#connection && error instanceof RequestError)
          void this.#onRefused(item, error, connection);
      },
    );
  }

  #onAccepted(item: OutboxItem, answer: Answer<'send'>, connection: Connection): void {
    const { receivedAt, stale = [] } = answer;
    if (connection === this.#connection) this.#inFlight.delete(item.number);
    this.#done.add(item.number);
    this.#renewals.begunAnew(item.conversation);
    if (this.#holds.release(item.conversation)) this.#rewind(item.number);
    // Of the message's own people alone: a server that names others would have this client fetch and pin whom it likes.
    const its = new Set([item.conversation, this.#deps.own.address, ...item.slots.map(({ to }) => to)]);
    const people = stale.filter((address) => its.has(address));
    this.#answered.push({ item, receivedAt, stale: people, placed: this.#placed(item, answer) });
    void this.#renew(item.conversation, connection);
    this.#committing ??= this.#commit();
    void this.#fill();
  }

  /** The number that a group's message has got. */
  #placed({ group, number, mh: own }: OutboxItem, { number: order, mh }: Answer<'send'>): Placed[] {
    if (group === undefined) return [];
    if (order !== undefined && order <= ORDER_MAX) {
      return [{ number, order, mh: mh === undefined ? own : decodeBase64(mh) }];
    }
    this.#deps.emit({ type: 'trouble', message: `The server gave a message to ${group} no number in the group.` });
    return [];
  }

  /** One transaction for all that was answered while the last one was on its way. */
  async #commit(): Promise<void> {
    let batch: Answered[] = [];
    try {
      // One turn later: the answers of one read of the socket go together.
      await Promise.resolve();
      while (this.#answered.length > 0) {
        batch = this.#answered.splice(0);
        const stale = [...new Set(batch.flatMap((answered) => answered.stale))];
        const others = await this.#deps.sending.accepted(
          batch.map(({ item }) => item.number),
          Math.max(...batch.map(({ receivedAt }) => receivedAt)),
          stale,
          batch.flatMap(({ placed }) => placed),
        );
        if (others.length > 0) {
          const message =
            'The server says that it has taken other bytes of a message to a group than this device holds.';
          this.#deps.emit({ type: 'trouble', message });
        }
        this.#deps.committed(
          batch.map(({ item }) => item),
          stale,
        );
        for (const { item, receivedAt } of batch) {
          this.#done.delete(item.number);
          if (this.#hollow.delete(item.number) || item.hidden) continue;
          this.#deps.emit({ type: 'accepted', id: item.id, conversation: item.conversation, receivedAt });
        }
      }
    } catch (error) {
      // They are sent again on the next connection, and answered again: perhaps the profile takes it then.
      for (const { item } of [...batch, ...this.#answered.splice(0)]) this.#done.delete(item.number);
      this.#deps.emit(trouble(error));
    } finally {
      this.#committing = undefined;
      this.#look();
    }
  }

  async #onRefused(item: OutboxItem, error: RequestError, connection: Connection): Promise<void> {
    this.#inFlight.delete(item.number);
    const { conversation } = item;
    if (isRenewable(error.code)) {
      if (this.#renewals.want(item, error.code)) return this.#renew(conversation, connection);
      this.#renewals.begunAnew(conversation);
      return this.#hold(item, new RequestError('busy', `${conversation} keeps changing. It is tried again.`));
    }
    // It waited for the one before it, which is about to come again.
    if (error.code === 'earlier_refused' && this.#renewals.holds(conversation)) {
      return this.#renew(conversation, connection);
    }
    if (error.retry) {
      this.#hold(item, error);
      return this.#renew(conversation, connection);
    }
    this.#refusals++;
    try {
      if (error.code === 'stale_devices' && (await this.#deps.addressAnew(item, connection))) {
        this.#rewind(item.number - 1);
      } else if (item.group !== undefined && CLOSED.includes(error.code)) await this.#close(item, error);
      else await this.#drop(item, error);
    } catch (failure) {
      if (connection === this.#connection) this.#deps.emit(trouble(failure));
    } finally {
      this.#refusals--;
    }
    void this.#renew(conversation, connection);
    void this.#fill();
  }

  /** Seals anew what is wanted of this conversation, once nothing of it is under way. */
  async #renew(conversation: string, connection: Connection): Promise<void> {
    if (connection !== this.#connection || this.#isUnderWay(conversation)) return;
    const renewal = this.#renewals.begin(conversation);
    if (renewal === undefined) return;
    const { item, code } = renewal;
    this.#refusals++;
    try {
      // What was accepted and is not committed yet still lies in the outbox.
      await this.#committing;
      await this.#deps.renew(renewal, connection);
    } catch (failure) {
      if (connection !== this.#connection) return;
      const isEnded = failure instanceof Refusal && ENDED.includes(failure.reason);
      if (isEnded) await this.#close(item, new RequestError('not_a_member', failure.message));
      else if (failure instanceof RequestError && isFinal(failure)) await this.#close(item, failure);
      else {
        // The person must decide, or the server does not answer: it stays, and what follows it waits behind it.
        const message = failure instanceof Error ? failure.message : String(failure);
        this.#hold(item, new RequestError(code, message));
      }
    } finally {
      this.#refusals--;
      this.#renewals.done(conversation);
    }
    this.#rewind(item.number - 1);
    void this.#fill();
  }

  /** This one and all that is queued behind it for a group that takes nothing of this person any more. */
  async #close(item: OutboxItem, error: RequestError): Promise<void> {
    const said = new RequestError(error.code, await this.#deps.closedBy(item, error.message));
    for (let after = item.number - 1; ; ) {
      const page = await this.#deps.sending.outbox(after, PAGE_ITEMS);
      for (const queued of page) {
        if (queued.conversation !== item.conversation || this.#inFlight.has(queued.number)) continue;
        if (!this.#done.has(queued.number)) await this.#drop(queued, said);
      }
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.number;
    }
  }

  #hold(item: OutboxItem, error: RequestError): void {
    const { conversation } = item;
    const waitMs = this.#holds.add(conversation, item.number, error.retryAfterMs ?? 0, (lowest) => {
      this.#rewind(lowest - 1);
      void this.#fill();
    });
    if (waitMs !== undefined) void this.#tellDelay(item, error, Math.ceil(waitMs / 1000));
    void this.#fill();
  }

  /** Of a hidden message only where others wait: perhaps behind it. */
  async #tellDelay({ id, conversation, hidden }: OutboxItem, { code, message }: RequestError, seconds: number) {
    try {
      if (hidden && (await this.#deps.sending.outboxSize()) === 0) return;
      this.#deps.emit({ type: 'delayed', id, conversation, code, message, seconds });
    } catch (error) {
      this.#deps.emit(trouble(error));
    }
  }

  async #drop(item: OutboxItem, { code, message: said }: RequestError): Promise<void> {
    // The server speaks to a client; what a client does about it has been done.
    const message = code === 'stale_devices' ? `${item.conversation} has no device in use at present.` : said;
    await this.#deps.sending.drop(item.number, code);
    if (this.#hollow.delete(item.number) || item.hidden) return;
    this.#deps.emit({ type: 'refused', id: item.id, conversation: item.conversation, code, message });
  }

  /** Reads the outbox again after this number: what went by meanwhile is skipped as in flight or done. */
  #rewind(after: number): void {
    this.#buffer = [];
    this.#readUpTo = Math.min(after, this.#readUpTo);
  }

  #look(): void {
    const busy = this.#filling || this.#renewals.busy || this.#inFlight.size + this.#refusals > 0;
    if (this.#committing !== undefined || (this.#connection !== undefined && busy)) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
