// Keeps one session alive over several servers: reconnects with jittered exponential backoff, and does what the close code's
// range says. Whoever uses it sees a connection that comes and goes, never the sockets.
import { afterClose } from '#protocol/close-codes.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { Push } from '#protocol/frames/server.ts';
import { type Closed, type Connection, type ConnectionDeps, openConnection } from './connection.ts';
import type { Random } from './platform.ts';
import { ProfileError } from './profile/profile.ts';
import { Refusal, sentenceOf } from './refusal.ts';

/** The first wait is spread over this, so that a restarted server is not met by everybody at once. */
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** A session that lasted this long starts the backoff anew; a shorter one leaves at most this many failures of it. */
const STABLE_MS = 1_000;
const FAILURES_AFTER_SHORT = 2;
/** What keeps a profile from being written for a while. */
const PASSING: ReadonlySet<ProfileError['problem']> = new Set(['busy', 'no_space']);

export type LinkState =
  | { readonly type: 'connecting'; readonly server: string }
  | { readonly type: 'online'; readonly server: string }
  /** `seconds` until the next attempt. */
  | { readonly type: 'reconnecting'; readonly seconds: number; readonly reason: string }
  /** It does not connect again by itself: the person has to decide. `code`: the close code or an error code. */
  | { readonly type: 'stopped'; readonly code: number | string; readonly reason: string };

export interface LinkHandlers {
  /** Opens the session. What it throws closes the connection: a refusal that does not bear retrying stops the link. */
  signIn(connection: Connection): Promise<void>;
  push(frame: Push, connection: Connection): void;
  changed(state: LinkState): void;
}

export type LinkDeps = ConnectionDeps & { readonly random: Random };

export class Link {
  readonly #servers: readonly string[];
  readonly #deps: LinkDeps;
  readonly #handlers: LinkHandlers;
  #state: LinkState;
  #current: Connection | undefined;
  #attempt = 0;
  #failures = 0;
  #next: number;
  #running = false;
  #cancelWait = () => {};
  #waiters: { resolve: (connection: Connection) => void; reject: (error: Error) => void }[] = [];

  /** `servers`: at least one ws:// or wss:// address; the first attempt goes to a random one. */
  constructor(servers: readonly string[], deps: LinkDeps, handlers: LinkHandlers) {
    this.#servers = servers;
    this.#deps = deps;
    this.#handlers = handlers;
    this.#next = Math.floor(fraction(deps.random) * servers.length);
    this.#state = { type: 'stopped', code: 1000, reason: 'Not started.' };
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The connection with a session, if there is one now. */
  get connection(): Connection | undefined {
    return this.#current;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#connect();
  }

  /** Ends the session and stops. */
  stop(reason = 'Closed by this client.'): void {
    this.#halt({ type: 'stopped', code: 1000, reason });
  }

  /** The present session, or the next one. Throws Refusal `closed`, with the reason, if the link stops before. */
  online(): Promise<Connection> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    if (this.#state.type === 'stopped') return Promise.reject(stopError(this.#state));
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    const server = this.#servers[this.#next % this.#servers.length] ?? '';
    this.#change({ type: 'connecting', server });
    let connection: Connection | undefined;
    let onlineSince: number | undefined;
    let ended: Closed | undefined;
    // Pushes may come with the session's very answer: they are handed on once it is said that there is one.
    let early: Push[] | undefined = [];
    try {
      connection = await openConnection(server, this.#deps, {
        push: (frame) => {
          if (early !== undefined) early.push(frame);
          else if (connection !== undefined) this.#handlers.push(frame, connection);
        },
        closed: (why) => {
          ended = why;
          if (onlineSince !== undefined && attempt === this.#attempt) this.#onClosed(why, onlineSince);
        },
      });
      await this.#handlers.signIn(connection);
    } catch (error) {
      connection?.close();
      if (attempt === this.#attempt && this.#running) this.#onFailure(error, ended);
      return;
    }
    if (attempt !== this.#attempt || !this.#running) return connection.close();
    onlineSince = this.#deps.clock.monotonic();
    if (ended !== undefined) return this.#onClosed(ended, onlineSince);
    this.#current = connection;
    this.#change({ type: 'online', server });
    const pushes = early;
    early = undefined;
    for (const frame of pushes) this.#handlers.push(frame, connection);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(connection);
  }

  #onFailure(error: unknown, ended: Closed | undefined): void {
    const reason = sentenceOf(error);
    if (error instanceof RequestError && !error.retry) return this.#halt({ type: 'stopped', code: error.code, reason });
    if (error instanceof RequestError) return this.#wait(reason, error.retryAfterMs ?? 0);
    if (ended !== undefined && ended.code !== 1000) return this.#after(ended);
    if (error instanceof Unavailable) return this.#elsewhere(reason);
    if (error instanceof ProfileError && PASSING.has(error.problem)) return this.#wait(reason, 0);
    this.#halt({ type: 'stopped', code: 'failed', reason });
  }

  #onClosed(why: Closed, onlineSince: number): void {
    this.#current = undefined;
    if (!this.#running) return;
    const stable = this.#deps.clock.monotonic() - onlineSince >= STABLE_MS;
    this.#failures = stable ? 0 : Math.min(this.#failures, FAILURES_AFTER_SHORT);
    this.#after(why);
  }

  #after(why: Closed): void {
    const reason = why.reason || `The connection ended (${why.code}).`;
    switch (afterClose(why.code)) {
      case 'stop':
        return this.#halt({ type: 'stopped', code: why.code, reason });
      case 'sign-in-again':
        return this.#wait(reason, 0);
      case 'reconnect':
        return this.#elsewhere(reason);
    }
  }

  #elsewhere(reason: string): void {
    this.#next = (this.#next + 1) % this.#servers.length;
    this.#wait(reason, 0);
  }

  /** Waits at least `leastMs`, then connects. Full jitter: any time between zero and the present bound. */
  #wait(reason: string, leastMs: number): void {
    const boundMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    const waitMs = leastMs + fraction(this.#deps.random) * boundMs;
    this.#cancelWait = this.#deps.timers.after(waitMs, () => void this.#connect());
    this.#change({ type: 'reconnecting', seconds: Math.ceil(waitMs / 1000), reason });
  }

  #halt(state: LinkState & { type: 'stopped' }): void {
    if (this.#state.type === 'stopped') return;
    this.#running = false;
    this.#attempt++;
    this.#cancelWait();
    const connection = this.#current;
    this.#current = undefined;
    connection?.close(state.reason);
    this.#change(state);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(stopError(state));
  }

  #change(state: LinkState): void {
    this.#state = state;
    this.#handlers.changed(state);
  }
}

function stopError(state: LinkState & { type: 'stopped' }): Error {
  return new Refusal('closed', state.reason);
}

/** 0 ≤ x < 1. */
function fraction(random: Random): number {
  const [a = 0, b = 0, c = 0] = random(3);
  return (a * 65_536 + b * 256 + c) / 16_777_216;
}
