// One connection's state machine: challenge → perhaps a session → closed; requests matched with their answers; heartbeat.
// It knows no keys and no profile, so that a load generator, a sign-up and a client stand on the same thing.
//
//   connecting ──challenge──▶ challenged ──authenticate──▶ proving ──ok──▶ ready
//        └──────────────┴────────────────────────┴─(any failure)──────────┴──▶ closed
//
// There is no edge from a failed `authenticate` to `ready`: whatever goes wrong there closes the connection, or leaves a revoked device in `proving`,
// where it may ask for the log that proves it.
import { CLOSE } from '#protocol/close-codes.ts';
import { ProtocolError, RequestError, Unavailable } from '#protocol/errors.ts';
import type { ClientFrameOf, RequestType } from '#protocol/frames/client.ts';
import { type Answer, answers, type Push, type ServerFrameOf, serverFrame } from '#protocol/frames/server.ts';
import { ASK_TIMEOUT_MS, HOUR_MS, SERVER_FRAME_MAX_BYTES } from '#protocol/limits.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Pending, PendingRequests } from './pending.ts';
import type { Clock, Timers } from './platform.ts';
import type { Transport, Wire } from './transport.ts';

export type ConnectionState = 'connecting' | 'challenged' | 'proving' | 'ready' | 'closed';
export type Challenge = ServerFrameOf<'challenge'>;
/** A request without what the connection itself adds. */
export type Fields<T extends RequestType> = Omit<ClientFrameOf<T>, 'type' | 'id'>;
/** Why a connection ended: the close code and a sentence. */
export type Closed = { readonly code: number; readonly reason: string };

/** Who uses a connection. Neither may throw. `push` is called in the order of arrival, from `ready` on. */
export interface ConnectionHandlers {
  push(frame: Push): void;
  closed(why: Closed): void;
}

export type ConnectionDeps = { readonly transport: Transport; readonly clock: Clock; readonly timers: Timers };

/** No server makes this client wait longer before it asks again. */
const SERVER_WAIT_MAX_MS = HOUR_MS;
/** Normal close, by this end. */
const CLOSE_NORMAL = 1000;

/**
 * Connects and waits for the challenge, 10 s at most. Throws Unavailable with the reason.
 * `handlers.closed` is called only for a connection that this has returned.
 */
export async function openConnection(
  url: string,
  deps: ConnectionDeps,
  handlers: ConnectionHandlers,
): Promise<Connection> {
  const connection = new Connection(url, deps, handlers);
  await connection.challenged();
  return connection;
}

export class Connection {
  readonly url: string;
  #state: ConnectionState = 'connecting';
  #challenge: Challenge | undefined;
  readonly #handlers: ConnectionHandlers;
  readonly #wire: Wire;
  readonly #pending: PendingRequests;
  readonly #opened = Promise.withResolvers<void>();
  readonly #heartbeat: Heartbeat;
  readonly #cancelOpening: () => void;
  #complaint = '';

  constructor(url: string, deps: ConnectionDeps, handlers: ConnectionHandlers) {
    this.url = url;
    this.#handlers = handlers;
    this.#pending = new PendingRequests(deps.timers);
    this.#heartbeat = new Heartbeat({
      ...deps,
      // Its answer matters only as something heard.
      ping: () => void this.#request('ping', {}, undefined).catch(() => {}),
      lost: () => this.#giveUp(CLOSE.silent.reason),
    });
    this.#wire = deps.transport.connect(url, {
      opened: () => this.#heartbeat.heard(),
      heard: () => this.#heartbeat.heard(),
      received: (text) => this.#received(text),
      closed: (code, reason) => this.#end({ code, reason: reason || this.#complaint }),
    });
    this.#cancelOpening = deps.timers.after(ASK_TIMEOUT_MS, () => this.#giveUp(`${url} does not answer.`));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The server's first frame. Throws before it has come. */
  get challenge(): Challenge {
    if (this.#challenge === undefined) throw new Unavailable('The server has not spoken yet.');
    return this.#challenge;
  }

  /** Resolves when the challenge has come; throws Unavailable if the connection ends before. */
  challenged(): Promise<void> {
    return this.#opened.promise;
  }

  /** Opens the session, once. Throws what the server answered, or Unavailable; then the connection is closed, unless it is `device_revoked`. */
  async authenticate(proof: Fields<'session'>): Promise<void> {
    if (this.#state !== 'challenged') throw new ProtocolError(`A session cannot begin while ${this.#state}.`);
    this.#state = 'proving';
    try {
      await this.#request('session', proof, ASK_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 'device_revoked')) this.close();
      throw error;
    }
  }

  /** A request that is answered within 10 s. Throws RequestError (the server's) or Unavailable (no answer: it may have been done). */
  ask<T extends Exclude<RequestType, 'send' | 'session'>>(type: T, fields: Fields<T>): Promise<Answer<T>> {
    return this.#request(type, fields, ASK_TIMEOUT_MS);
  }

  /** A message. Never times out: it fails only with the server's refusal or the connection's end. */
  send(fields: Fields<'send'>): Promise<Answer<'send'>> {
    if (this.#state !== 'ready') return Promise.reject(new Unavailable('There is no session.'));
    return this.#request('send', fields, undefined);
  }

  /** Takes everything up to `upTo`; a tag for each message that could be opened. It has no answer. */
  ack(upTo: number, tags: readonly (readonly [number, string])[]): void {
    if (this.#state !== 'ready') return;
    this.#wire.send(JSON.stringify({ type: 'ack', upTo, tags }));
  }

  /** This person types, to these persons, or in the group of this name. It has no answer. */
  typing(to: readonly string[], group?: string): void {
    if (this.#state !== 'ready') return;
    this.#wire.send(JSON.stringify({ type: 'typing', to, group }));
  }

  /** Ends the connection. `handlers.closed` is told at once; the closing handshake may go on behind. */
  close(reason = ''): void {
    if (this.#state === 'closed') return;
    this.#wire.close(CLOSE_NORMAL, reason);
    this.#end({ code: CLOSE_NORMAL, reason });
  }

  /** Ends the connection because the server broke the protocol: the link does not come back by itself. */
  violation(reason: string): void {
    this.#leave({ code: CLOSE.protocolError.code, reason });
  }

  /** Ends the connection because this device is out of the account, although the server goes on with it: the link does not come back by itself. */
  revoked(): void {
    this.#leave(CLOSE.revoked);
  }

  #leave(why: Closed): void {
    this.#wire.close(why.code, why.reason);
    this.#end(why);
  }

  #request<T extends RequestType>(type: T, fields: Fields<T>, timeoutMs: number | undefined): Promise<Answer<T>> {
    if (this.#state === 'closed' || this.#state === 'connecting') {
      return Promise.reject(new Unavailable('There is no connection.'));
    }
    return this.#pending.open(type, timeoutMs, (id) => this.#wire.send(JSON.stringify({ type, id, ...fields })));
  }

  #received(text: string): void {
    if (this.#state === 'closed') return;
    this.#heartbeat.heard();
    if (text.length > SERVER_FRAME_MAX_BYTES) return this.violation('A frame of the server is too large.');
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return this.violation('A frame of the server is not JSON.');
    }
    const parsed = serverFrame.safeParse(json);
    if (!parsed.success) return this.violation('A frame of the server is not what the protocol allows.');
    const frame = parsed.data;
    switch (frame.type) {
      case 'challenge':
        return this.#onChallenge(frame);
      case 'ok':
        return this.#onOk(frame);
      case 'error':
        return this.#onError(frame);
      case 'deliver':
      case 'notice':
      case 'synced':
      case 'log':
      case 'entries':
      case 'presence':
      case 'typing':
        if (this.#state !== 'ready') return this.violation('The server pushed before there was a session.');
        return this.#handlers.push(frame);
    }
  }

  #onChallenge(challenge: Challenge): void {
    if (this.#state !== 'connecting') return this.violation('The server sent a second challenge.');
    this.#challenge = challenge;
    this.#state = 'challenged';
    this.#cancelOpening();
    this.#heartbeat.start();
    this.#opened.resolve();
  }

  #onOk(frame: ServerFrameOf<'ok'>): void {
    const pending = this.#take(frame.re);
    if (pending === undefined) return;
    const answer = answers[pending.type].safeParse(frame);
    if (!answer.success) {
      pending.reject(new Unavailable('The server gave an answer that the protocol does not allow.'));
      return this.violation(`The answer to ${pending.type} is not what the protocol allows.`);
    }
    // Here and not in a continuation: pushes of the same tick follow the session's `ok`.
    if (pending.type === 'session') this.#state = 'ready';
    pending.resolve(answer.data);
  }

  #onError({ re, code, message, retryAfterMs }: ServerFrameOf<'error'>): void {
    const waitMs = retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, SERVER_WAIT_MAX_MS);
    this.#take(re)?.reject(new RequestError(code, message, waitMs));
  }

  /** An answer that comes after its request timed out is nobody's; one to a request never made is a violation. */
  #take(re: number): Pending | undefined {
    const pending = this.#pending.take(re);
    if (pending === 'never') this.violation('The server answered what was not asked.');
    return typeof pending === 'string' ? undefined : pending;
  }

  #giveUp(reason: string): void {
    this.#wire.terminate();
    this.#end({ code: CLOSE.silent.code, reason });
  }

  #end(why: Closed): void {
    if (this.#state === 'closed') return;
    const returned = this.#state !== 'connecting';
    this.#state = 'closed';
    this.#cancelOpening();
    this.#heartbeat.stop();
    const lost = new Unavailable(why.reason || 'The connection ended.');
    this.#pending.fail(lost);
    if (returned) this.#handlers.closed(why);
    else this.#opened.reject(lost);
  }
}
