// One client's connection: challenge, requests with one answer each, at most one session, pushes. It parses at the door, keeps the
// windows, and turns frames into commands; what they mean is decided by actors.
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { encodeBase64 } from '#protocol/base64.ts';
import { CLOSE, type CloseName } from '#protocol/close-codes.ts';
import type { AccountCommand } from '#protocol/commands.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf, Request, RequestType } from '#protocol/frames/client.ts';
import type { Push, ServerFrame } from '#protocol/frames/server.ts';
import {
  CHALLENGE_MAX_AGE_MS,
  DOOR_FRAME_MAX_BYTES,
  DOOR_REFUSED_FRAMES_MAX,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  REQUESTS_UNANSWERED_MAX,
  UNAUTHENTICATED_MAX_MS,
} from '#protocol/limits.ts';
import { type Outcome, refusal } from './asks.ts';
import { corkForTick } from './corked.ts';
import { frameText, type Read, readFrame } from './frame.ts';
import type { Client, Hub } from './hub.ts';
import { RATE_OF } from './rates.ts';
import { Session } from './session.ts';

/** A client that lets this much pile up on its socket, answers or pushes, does not read. Far above what the windows allow. */
const UNSENT_MAX_BYTES = 4 * 1024 * 1024;
/** How long a closed socket may take to say goodbye. */
const CLOSE_GRACE_MS = 2_000;

/** Requests that a session's owner alone may make. */
const IN_SESSION: ReadonlySet<RequestType> = new Set(['send', 'password.start', 'password.finish', 'account.delete']);
/** Requests that change an account: they go through its durable queue. */
const DURABLE: ReadonlySet<RequestType> = new Set(['signup.finish', 'log.append', 'password.finish', 'account.delete']);

export class Connection implements Client {
  readonly #hub: Hub;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #source: string;
  readonly #openedAt: number;
  #challenge: string | undefined;
  #session: Session | undefined;
  /** Whose password was proved here: the account log that signing in needs may be longer than one answer. */
  #proved: string | undefined;
  #heardAt: number;
  #asked = 0;
  /** Before the session: what no limiter counts. */
  #refusedFrames = 0;
  #closed = false;
  #paused = false;
  /** What had been read from the socket before it was paused: the rest of one chunk. */
  #early: Read[] = [];

  constructor(hub: Hub, websocket: WebSocket, socket: Socket, source: string) {
    this.#hub = hub;
    this.#websocket = websocket;
    this.#socket = socket;
    this.#source = source;
    this.#openedAt = hub.monotonic();
    this.#heardAt = this.#openedAt;
    this.#challenge = encodeBase64(hub.random(32));
    websocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    websocket.on('pong', () => this.#heard());
    websocket.on('ping', () => {
      this.#heard();
      this.#bound(); // ws has written a pong
    });
    websocket.on('close', () => this.#ended());
    websocket.on('error', (error) => this.#broken(error));
    const { domain, serverKey, signUp } = hub;
    this.#write({ type: 'challenge', nonce: this.#challenge, domain, serverKey, signUp });
  }

  get session(): Session | undefined {
    return this.#session;
  }

  push(frame: Push): void {
    this.#write(frame);
  }

  /** Ends the connection with a documented code; what was written before goes out first. */
  close(why: CloseName): void {
    if (this.#closed) return;
    this.#hub.metrics.closes.inc({ reason: why });
    this.#websocket.close(CLOSE[why].code, CLOSE[why].reason);
    this.#websocket.resume(); // or the client's goodbye would not be read
    this.#ended();
    setTimeout(() => this.#websocket.terminate(), CLOSE_GRACE_MS).unref();
  }

  /** Called at every heartbeat: asks for a sign of life, and gives up whom it did not get one from in time. */
  beat(now: number): void {
    if (this.#paused) this.#heardAt = now; // it may have said much that was not read
    // By the next beat it would be too late.
    if (now - this.#heardAt > HEARTBEAT_TIMEOUT_MS - HEARTBEAT_INTERVAL_MS) return this.close('silent');
    if (!this.#session && now - this.#openedAt > UNAUTHENTICATED_MAX_MS) return this.close('unauthenticated');
    this.#websocket.ping();
  }

  /** Back-pressure: the client's next frames wait in its own socket. */
  pause(): void {
    this.#paused = true;
    this.#websocket.pause();
  }

  /** Lets the client be read again once there is room for what it sends. */
  readOn(): void {
    if (!this.#paused) return;
    this.#paused = false;
    for (let read = this.#early.shift(); read; read = this.#early.shift()) {
      this.#take(read);
      if (this.#isFull) return this.pause();
    }
    if (this.#isFull) this.pause();
    else this.#websocket.resume();
  }

  get #isFull(): boolean {
    return this.#hub.full || (this.#session?.full ?? false);
  }

  attach(): void {
    if (!this.#session?.receive || this.#closed) return;
    this.#session.attach().catch(() => this.close('failed'));
  }

  #heard(): void {
    this.#heardAt = this.#hub.monotonic();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    this.#heard();
    if (!this.#session && (data as Buffer).length > DOOR_FRAME_MAX_BYTES) return this.close('tooLarge'); // ws gives Buffers unless asked
    const read = readFrame(data, isBinary);
    if (!read) return this.close('protocolError');
    if (this.#paused) this.#early.push(read);
    else this.#take(read);
  }

  #take(read: Read): void {
    if (this.#closed) return;
    if ('refusal' in read) return this.#refuseFrame(read);
    const { frame } = read;
    if (frame.type === 'ack') return this.#ack(frame);
    const problem = this.#problem(frame);
    if (problem) return this.#answer(frame.id, frame.type, refusal(problem));
    if (frame.type === 'send') return this.#send(frame, this.#session as Session); // #problem saw to it
    if (frame.type === 'ping') return this.#answer(frame.id, 'ping', { ok: {} });
    if (this.#asked >= REQUESTS_UNANSWERED_MAX) {
      return this.#answer(frame.id, frame.type, refusal(new RequestError('rate_limited')));
    }
    this.#asked += 1;
    void this.#ask(frame);
  }

  #refuseFrame({ id, refusal: error }: Extract<Read, { id: number }>): void {
    this.#answer(id, 'unknown', refusal(error));
    if (this.#session) return;
    this.#refusedFrames += 1;
    if (this.#refusedFrames >= DOOR_REFUSED_FRAMES_MAX) this.close('protocolError');
  }

  #problem(frame: Request): RequestError | undefined {
    if (IN_SESSION.has(frame.type) && !this.#session) return new RequestError('not_signed_in');
    if (frame.type === 'session' && this.#session) return new RequestError('already_signed_in');
    if (frame.type === 'log.get' && !this.#session && frame.address !== this.#proved) {
      return new RequestError('not_signed_in');
    }
    if (frame.type === 'signup.finish' && this.#hub.space.low) return new RequestError('no_space');
    if ('address' in frame && !frame.address.endsWith(`@${this.#hub.domain}`)) return new RequestError('remote_domain');
    return undefined;
  }

  #send(frame: ClientFrameOf<'send'>, session: Session): void {
    session.send(frame, (outcome) => {
      this.#answer(frame.id, 'send', outcome);
      if (!this.#isFull) this.readOn();
      else if (this.#hub.full) this.#hub.waitForRoom(this);
    });
    if (this.#isFull) this.pause();
    if (this.#hub.full) this.#hub.waitForRoom(this);
  }

  #ack(frame: ClientFrameOf<'ack'>): void {
    if (!this.#session?.receive) return this.close('protocolError');
    this.#session.ack(frame);
  }

  // ---- other requests ------------------------------------------------------

  async #ask(frame: Exclude<Request, ClientFrameOf<'send' | 'ping'>>): Promise<void> {
    const { hub, rateKey } = { hub: this.#hub, rateKey: this.#session?.device ?? this.#source };
    try {
      await hub.rates.take(RATE_OF[frame.type], rateKey);
    } catch (error) {
      this.#asked -= 1;
      return this.#answer(
        frame.id,
        frame.type,
        refusal(error instanceof RequestError ? error : new RequestError('busy')),
      );
    }
    const re = hub.asks.open(true, (outcome) => {
      this.#asked -= 1;
      if (frame.type === 'session') this.#begin(frame, outcome);
      if (frame.type === 'login.finish' && 'ok' in outcome) this.#proved = frame.address;
      this.#answer(frame.id, frame.type, outcome);
      if (frame.type === 'session') this.attach();
    });
    const key = 'address' in frame ? frame.address : (this.#session?.address ?? '');
    const command = this.#command(frame, re);
    if (!command)
      return hub.asks.fail(re, new RequestError('bad_signature', 'The challenge is used up: connect again.'));
    if (!DURABLE.has(frame.type)) return hub.bus.tell({ kind: 'account', key, command });
    hub.bus.publish([{ kind: 'account', key, command }]).catch((error: unknown) => {
      hub.asks.fail(re, error instanceof RequestError ? error : new RequestError('unavailable'));
    });
  }

  /** The frame as its account actor gets it; undefined if it answers a challenge that is used up or too old. */
  #command(frame: Exclude<Request, ClientFrameOf<'send' | 'ping'>>, re: number): AccountCommand | undefined {
    const reply = { inbox: this.#hub.bus.inbox, re };
    const asked = { type: frame.type, frame, source: this.#source, reply };
    if (frame.type !== 'session') return asked as AccountCommand; // type and frame belong together
    const challenge = this.#challenge;
    this.#challenge = undefined;
    if (!challenge || this.#hub.monotonic() - this.#openedAt > CHALLENGE_MAX_AGE_MS) return undefined;
    return { ...asked, type: 'session', frame, challenge };
  }

  #begin(frame: ClientFrameOf<'session'>, outcome: Outcome): void {
    if (this.#closed || !('ok' in outcome) || this.#session) return;
    this.#session = new Session(this.#hub, frame, { inbox: this.#hub.bus.inbox, session: this.#hub.register(this) });
  }

  // ---- the way out ---------------------------------------------------------

  #answer(re: number, type: string, outcome: Outcome): void {
    this.#hub.metrics.request(type, 'ok' in outcome ? 'ok' : outcome.refused.code);
    if ('ok' in outcome) return this.#write({ type: 'ok', re, ...outcome.ok });
    const { code, message, retryAfterMs } = outcome.refused;
    const { retry } = new RequestError(code);
    this.#write({ type: 'error', re, code, message, retry, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  }

  #write(frame: ServerFrame): void {
    if (this.#closed) return;
    corkForTick(this.#socket);
    this.#websocket.send(frameText(frame));
    this.#bound();
  }

  /** Writes wait in memory for a client that does not read: not without end. */
  #bound(): void {
    if (this.#socket.writableLength > UNSENT_MAX_BYTES) this.close('tooSlow');
  }

  /** ws could not read what came, and is closing already (socket.ts). */
  #broken(error: Error & { code?: string }): void {
    this.close(error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'tooLarge' : 'protocolError');
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hub.forget(this);
    if (this.#session?.receive) this.#session.detach();
  }
}
