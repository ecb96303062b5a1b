// One client's connection: challenge, requests with one answer each, at most one session, pushes. It parses at the door, keeps the
// windows, and turns frames into commands; what they mean is decided by actors.
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { CLOSE, type CloseName } from '#protocol/close-codes.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import type { Push, ServerFrame } from '#protocol/frames/server.ts';
import {
  DOOR_FRAME_MAX_BYTES,
  DOOR_REFUSED_FRAMES_MAX,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  MINUTE_MS,
  UNAUTHENTICATED_MAX_MS,
} from '#protocol/limits.ts';
import { type Outcome, refusal } from './asks.ts';
import { corkForTick } from './corked.ts';
import { type Read, readFrame } from './frame.ts';
import { sendFrame } from './frame-text.ts';
import type { Client, Hub } from './hub.ts';
import { pointsOf, RATE_OF } from './rates.ts';
import { type ActorRequest, type PresenceRequest, Requests } from './requests.ts';
import { Session } from './session.ts';
import type { BlobRequest } from './ticket-office.ts';
import { boundUnfinished } from './unfinished.ts';

/** A client that lets this much pile up on its socket, answers or pushes, does not read. Far above what the windows allow. */
const UNSENT_MAX_BYTES = 4 * 1024 * 1024;
/** How long a closed socket may take to say goodbye. */
const CLOSE_GRACE_MS = 2_000;

type Refused = Extract<Outcome, { refused: unknown }>['refused'];

export class Connection implements Client {
  readonly #hub: Hub;
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  readonly #openedAt: number;
  readonly #requests: Requests;
  /** Until there is a session. */
  #anyLength: (() => void) | undefined;
  #session: Session | undefined;
  #heardAt: number;
  /** Before the session: what no limiter counts. */
  #refusedFrames = 0;
  /** Requests that were taken and are not answered. */
  #unanswered = 0;
  #closed = false;
  #paused = false;
  /** It is to end between two requests. */
  #leaving = false;
  /** What had been read from the socket before it was paused: the rest of one chunk. */
  #early: Read[] = [];

  constructor(hub: Hub, websocket: WebSocket, socket: Socket, source: string) {
    this.#hub = hub;
    this.#websocket = websocket;
    this.#socket = socket;
    this.#openedAt = hub.monotonic();
    this.#heardAt = this.#openedAt;
    this.#requests = new Requests(hub, source, this.#openedAt);
    websocket.on('message', (data, isBinary) => this.#guarded(() => this.#receive(data, isBinary)));
    websocket.on('pong', () => this.#heard());
    websocket.on('ping', () => {
      this.#heard();
      this.#bound(); // ws has written a pong
    });
    websocket.on('close', () => this.#ended());
    websocket.on('error', (error) => this.#broken(error));
    this.#anyLength = boundUnfinished(websocket, socket, () => this.close('tooLarge'));
    const { domain, serverKey, signUp } = hub;
    this.#write({
      ...{ type: 'challenge', nonce: this.#requests.challenge, domain, serverKey, signUp },
      time: hub.now(),
    });
  }

  get session(): Session | undefined {
    return this.#session;
  }

  push(frame: Push): void {
    this.#session?.pushed();
    this.#write(frame);
  }

  show(frame: Push): void {
    this.#write(frame);
  }

  /** Ends the connection with a documented code; what was written before goes out first. */
  close(why: CloseName): void {
    if (this.#closed) return;
    this.#hub.counts.closed(why);
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

  leave(): void {
    if (this.#closed) return; // paused, its goodbye would not be read
    this.#leaving = true;
    this.pause(); // or a busy client's next request would always be one to wait for
    this.#partIfIdle();
  }

  #partIfIdle(): void {
    if (this.#leaving && this.#unanswered === 0) this.close('goElsewhere');
  }

  /** Lets the client be read again once there is room for what it sends. */
  readOn(): void {
    if (!this.#paused || this.#leaving) return;
    this.#paused = false;
    this.#guarded(() => this.#takeEarly());
  }

  #takeEarly(): void {
    for (let read = this.#early.shift(); read; read = this.#early.shift()) {
      this.#take(read);
      if (this.#isFull) return this.pause();
    }
    if (this.#isFull) this.pause();
    else this.#websocket.resume();
  }

  get #isFull(): boolean {
    return this.#leaving || this.#hub.full || (this.#session?.full ?? false);
  }

  attach(): void {
    if (!this.#session || this.#closed) return;
    this.#session.begin().catch((error: unknown) => {
      this.#hub.refusalFor(error);
      this.close('failed');
    });
  }

  /** An error that should not happen ends this connection, and no other. */
  #guarded(step: () => void): void {
    if (!this.#hub.attempt('a frame could not be handled', step)) this.close('failed');
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
    if (frame.type === 'typing') return this.#typing(frame);
    this.#unanswered += 1;
    const problem = this.#requests.problem(frame, this.#session);
    if (problem) return this.#answer(frame.id, frame.type, refusal(problem));
    if (frame.type === 'send') return this.#send(frame, this.#session as Session); // #problem saw to it
    if (frame.type === 'ping') return this.#answer(frame.id, 'ping', { ok: {} });
    if (frame.type === 'presence.set' || frame.type === 'presence.watch') {
      return void this.#presence(frame, this.#session as Session); // as above
    }
    if (frame.type === 'blob.put' || frame.type === 'blob.get') return this.#ticket(frame, this.#session as Session); // as above
    this.#ask(frame);
  }

  #refuseFrame({ id, refusal: error }: Extract<Read, { id: number }>): void {
    this.#unanswered += 1;
    this.#answer(id, 'unknown', refusal(error));
    if (this.#session) {
      this.#hub.rates.take('refused', this.#session.device).catch(() => this.close('protocolError'));
      return;
    }
    this.#refusedFrames += 1;
    if (this.#refusedFrames >= DOOR_REFUSED_FRAMES_MAX) this.close('protocolError');
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

  #typing(frame: ClientFrameOf<'typing'>): void {
    const session = this.#session;
    if (!session) return this.close('protocolError');
    const { rates, presence } = this.#hub;
    rates.take('typing', session.device).then(
      () => this.#guarded(() => presence.typing(this, session.address, frame)),
      () => {}, // it has no answer: what is too much is dropped
    );
  }

  #presence(frame: PresenceRequest, session: Session): void {
    const { rates, presence } = this.#hub;
    const passed = () => {
      if (this.#closed) return;
      if (frame.type === 'presence.watch' && !presence.hasRoom(this, frame.addresses.length)) {
        return this.#answer(frame.id, frame.type, refusal(new RequestError('rate_limited', undefined, MINUTE_MS)));
      }
      this.#answer(frame.id, frame.type, { ok: {} });
      if (frame.type === 'presence.set') presence.set(this, session.address, frame.visible);
      else presence.watch(this, frame.addresses);
    };
    rates.take(RATE_OF[frame.type], session.device, pointsOf(frame)).then(
      () => this.#guarded(passed),
      (error: unknown) => this.#answer(frame.id, frame.type, refusal(this.#hub.refusalFor(error))),
    );
  }

  #ticket(frame: BlobRequest, session: Session): void {
    const { rates, tickets } = this.#hub;
    rates.take(RATE_OF[frame.type], session.device).then(
      () => this.#answer(frame.id, frame.type, { ok: tickets.answer(frame, session) }),
      (error: unknown) => this.#answer(frame.id, frame.type, refusal(this.#hub.refusalFor(error))),
    );
  }

  #ask(frame: ActorRequest): void {
    void this.#requests.ask(frame, this.#session, (outcome) => {
      if (frame.type === 'session') this.#begin(frame, outcome);
      this.#answer(frame.id, frame.type, outcome);
      if (frame.type === 'session') this.attach();
    });
  }

  #begin(frame: ClientFrameOf<'session'>, outcome: Outcome): void {
    if (this.#closed || !('ok' in outcome) || this.#session) return;
    this.#anyLength?.();
    this.#anyLength = undefined;
    this.#session = new Session(this.#hub, frame, { inbox: this.#hub.bus.inbox, session: this.#hub.register(this) });
  }

  // ---- the way out ---------------------------------------------------------

  #answer(re: number, type: string, outcome: Outcome): void {
    this.#unanswered -= 1;
    this.#hub.counts.request(type, 'ok' in outcome ? 'ok' : outcome.refused.code);
    this.#write('ok' in outcome ? { type: 'ok', re, ...outcome.ok } : errorFrame(re, outcome.refused));
    this.#partIfIdle();
  }

  #write(frame: ServerFrame): void {
    if (this.#closed) return;
    corkForTick(this.#socket);
    sendFrame(this.#websocket, frame);
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
    this.#anyLength?.();
    this.#anyLength = undefined;
    this.#hub.forget(this);
    const session = this.#session;
    if (session) this.#hub.attempt('a session could not be ended', () => session.end());
  }
}

function errorFrame(re: number, { code, message, retryAfterMs }: Refused): ServerFrame {
  const { retry } = new RequestError(code);
  return { type: 'error', re, code, message, retry, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
