// What the connections of one gateway share: the bus, the sessions by number, the asks under way, and the bounds on all of them.
import type { Logger } from 'pino';
import type { CloseName } from '#protocol/close-codes.ts';
import type { ActorKind, InboxMessage, SessionRef, Signal } from '#protocol/commands.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { Push } from '#protocol/frames/server.ts';
import { HEARTBEAT_INTERVAL_MS, MIB, SECOND_MS } from '#protocol/limits.ts';
import type { Bus } from '#runtime/bus/bus.ts';
import type { Metrics } from '#runtime/metrics.ts';
import { partitionOf } from '#runtime/partitions.ts';
import type { Signals } from '#runtime/signals.ts';
import { Asks } from './asks.ts';
import { GatewayCounts } from './counts.ts';
import { type Drain, drain } from './drain.ts';
import { Presence } from './presence.ts';
import { Rates } from './rates.ts';
import type { TicketOffice } from './ticket-office.ts';

/** Unanswered sends of all clients together; beyond it their sockets are not read. */
const UNANSWERED_MAX_BYTES = 64 * MIB;
/** A partition this far behind takes no new messages. */
export const LAG_MAX_MS = 5 * SECOND_MS;

/** A gateway whose bus is away for so long sends its clients elsewhere: another may reach it. */
const AWAY_MAX_MS = 10 * SECOND_MS;

/** A connection, as the hub sees it. */
export interface Client {
  readonly session:
    | { readonly address: string; readonly device: string; readonly receive: boolean; readonly at: SessionRef }
    | undefined;
  /** What the session's mailbox sends. */
  push(frame: Push): void;
  /** What others send: presence and typing. */
  show(frame: Push): void;
  close(why: CloseName): void;
  beat(now: number): void;
  pause(): void;
  readOn(): void;
  /** Ends it with `goElsewhere` once it waits for no answer; nothing more is read of it. */
  leave(): void;
}

export type HubDeps = {
  readonly bus: Bus;
  readonly signals: Signals;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly domain: string;
  readonly serverKey: string;
  readonly tickets: TicketOffice;
  readonly signUp: 'open' | 'invitation' | 'closed';
  readonly rateFactor: number;
  /** Whether the disk is nearly full. */
  readonly space: { readonly low: boolean };
  readonly random: (bytes: number) => Uint8Array;
  /** ms since 1970 */
  readonly now: () => number;
  /** ms that no clock change moves */
  readonly monotonic: () => number;
};

export class Hub {
  readonly bus: Bus;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly counts: GatewayCounts;
  readonly domain: string;
  readonly serverKey: string;
  readonly tickets: TicketOffice;
  readonly signUp: HubDeps['signUp'];
  readonly space: HubDeps['space'];
  readonly random: HubDeps['random'];
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly rates: Rates;
  readonly asks: Asks;
  readonly presence: Presence;
  readonly #connections = new Set<Client>();
  readonly #sessions = new Map<number, Client>();
  readonly #waiting = new Set<Client>();
  /** Partitions of mailboxes with an owner that was heard of. */
  readonly #owned = new Set<number>();
  readonly #timers: NodeJS.Timeout[];
  #lastSession = 0;
  #unansweredBytes = 0;

  constructor(deps: HubDeps) {
    this.bus = deps.bus;
    this.log = deps.log;
    this.metrics = deps.metrics;
    this.counts = new GatewayCounts(deps.metrics);
    this.domain = deps.domain;
    this.serverKey = deps.serverKey;
    this.tickets = deps.tickets;
    this.signUp = deps.signUp;
    this.space = deps.space;
    this.random = deps.random;
    this.now = deps.now;
    this.monotonic = deps.monotonic;
    this.rates = new Rates(deps.rateFactor, (limit) => this.counts.limited(limit));
    this.asks = new Asks(deps.monotonic);
    this.presence = new Presence(deps);
    this.bus.onMessage({
      message: (message) => {
        this.attempt('a message to a client could not be handled', () => this.#read(message));
      },
      renewed: () => this.#restart(() => true),
      moved: (kind, partition) => {
        if (kind === 'mailbox') this.#moved(partition);
        this.#tellAgain(kind, partition);
      },
    });
    deps.signals.onSignal((signal) => this.#hear(signal));
    this.#timers = [
      setInterval(() => this.#beat(), HEARTBEAT_INTERVAL_MS).unref(),
      setInterval(() => this.#look(), SECOND_MS).unref(),
    ];
    deps.metrics.gauge('parley_connections', 'Open connections', () => this.#connections.size);
    deps.metrics.gauge('parley_sessions', 'Sessions', () => this.#sessions.size);
    deps.metrics.gauge(
      'parley_unanswered_bytes',
      'Bytes of sends that wait for their answer',
      () => this.#unansweredBytes,
    );
  }

  add(connection: Client): void {
    this.counts.opened();
    this.#connections.add(connection);
  }

  /** Gives a connection's new session its number. */
  register(connection: Client): number {
    this.#lastSession += 1;
    this.#sessions.set(this.#lastSession, connection);
    return this.#lastSession;
  }

  forget(connection: Client): void {
    this.#connections.delete(connection);
    this.#waiting.delete(connection);
    const { session } = connection;
    if (!session) return;
    this.#sessions.delete(session.at.session);
    this.attempt('nobody could be told that a session ended', () => this.presence.forget(connection, session.address));
  }

  entered(bytes: number): void {
    this.#unansweredBytes += bytes;
  }

  left(bytes: number): void {
    this.#unansweredBytes -= bytes;
    if (this.full || this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear(); // whom the first ones leave no room comes back to it
    for (const connection of waiting) connection.readOn();
  }

  /** Nothing more is read for now. */
  get full(): boolean {
    return this.#unansweredBytes > UNANSWERED_MAX_BYTES;
  }

  waitForRoom(connection: Client): void {
    this.#waiting.add(connection);
  }

  /** Whether what clients ask for can be passed on, sooner or later; if not, they are sent elsewhere. */
  get available(): boolean {
    return this.bus.awayMs < AWAY_MAX_MS;
  }

  /** Whether more clients should come here. */
  get ready(): boolean {
    return this.available && !this.bus.blocked;
  }

  /** Why a message for these actors is not taken now. */
  overloaded(kind: ActorKind, keys: readonly string[]): RequestError | undefined {
    return keys.some((key) => this.bus.lagMsOf(kind, key) > LAG_MAX_MS)
      ? new RequestError('busy', undefined, SECOND_MS)
      : undefined;
  }

  /** False if the step failed, which should not happen: its stack is in the log. */
  attempt(failure: string, step: () => void): boolean {
    try {
      step();
      return true;
    } catch (err) {
      this.log.error({ err }, failure);
      return false;
    }
  }

  /** What a request is answered that an error kept from its actor. One that should not happen leaves its stack in the log. */
  refusalFor(error: unknown): RequestError {
    if (error instanceof RequestError) return error;
    if (!(error instanceof Unavailable)) this.log.error({ err: error }, 'a request could not be passed on');
    return new RequestError('unavailable');
  }

  /** Sends every client elsewhere, each once what it asked is answered. No new ones may come. */
  async drain(how: Drain): Promise<void> {
    await drain(this.#connections, how, this);
    for (const timer of this.#timers) clearInterval(timer);
    this.presence.say(); // while there are signals
  }

  #read(message: InboxMessage): void {
    switch (message.type) {
      case 'answer':
      case 'refusal':
        return this.asks.settle(message);
      case 'push':
        if (message.frame.type !== 'log') this.counts.pushed();
        return this.#sessions.get(message.session)?.push(message.frame);
      case 'close':
        return this.#sessions.get(message.session)?.close(message.why);
      case 'seen':
        return this.presence.seen(message);
      case 'reattach':
        // Its pushes would be numbered from 1 again, and acks under way would count for them: only a new session is safe.
        return this.#sessions.get(message.session)?.close('failed');
    }
  }

  /**
   * A partition has an owner newer than any known. The first one that is heard of is who was given the attaches of those sessions that are
   * there already; who had one of them before, and is no more, left it redelivered, and such a session is told so (mailbox.ts).
   */
  #moved(partition: number): void {
    if (this.#owned.has(partition)) {
      this.#restart(({ address, receive }) => receive && partitionOf(address, this.bus.partitions) === partition);
    }
    this.#owned.add(partition);
  }

  /** What the owner before had been told may have been lost with it. An answer that comes twice counts once. */
  #tellAgain(kind: ActorKind, partition: number): void {
    for (const command of this.asks.unanswered) {
      if (command.kind === kind && partitionOf(command.key, this.bus.partitions) === partition) this.bus.tell(command);
    }
  }

  /** Ends the sessions that nobody pushes to any more; their clients open others, and send again what was not answered. */
  #restart(isCutOff: (session: NonNullable<Client['session']>) => boolean): void {
    for (const client of [...this.#sessions.values()]) {
      if (client.session && isCutOff(client.session)) client.close('failed');
    }
  }

  #hear(signal: Signal): void {
    if (signal.type !== 'revoked') return this.presence.hear(signal);
    const { address, device, deleted } = signal;
    for (const connection of [...this.#sessions.values()]) {
      const session = connection.session;
      if (session?.device !== device || session.address !== address) continue;
      connection.close(deleted ? 'accountDeleted' : 'revoked');
    }
  }

  #look(): void {
    this.asks.expire();
    this.presence.look();
    if (!this.available) for (const connection of [...this.#connections]) connection.close('goElsewhere');
  }

  #beat(): void {
    const now = this.monotonic();
    for (const connection of [...this.#connections]) connection.beat(now);
  }
}
