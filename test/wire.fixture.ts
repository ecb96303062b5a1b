// The raw protocol, frame by frame, for tests of what the server does with correct and incorrect clients alike.
import type { ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';
import type { Request } from '#protocol/frames/client.ts';
import { type ServerFrame, type ServerFrameOf, serverFrame } from '#protocol/frames/server.ts';
import { SUBPROTOCOL } from '#protocol/limits.ts';

/** A frame's fields without the number that `Wire` gives it. */
export type Asked = { readonly [T in Request['type']]: Omit<Extract<Request, { type: T }>, 'id'> }[Request['type']];
export type AnswerFrame = ServerFrameOf<'ok'> | ServerFrameOf<'error'>;
export type Closed = { readonly code: number; readonly reason: string };
type Waiting = { readonly match: (frame: ServerFrame) => boolean; readonly resolve: (frame: ServerFrame) => void };

/** An answer that is no `ok`. */
class Refused extends Error {
  readonly frame: ServerFrameOf<'error'>;
  constructor(frame: ServerFrameOf<'error'>) {
    super(`${frame.code}: ${frame.message}`);
    this.frame = frame;
  }
}

/** The connection ended before what was waited for. */
export class Ended extends Error {
  readonly code: number;

  constructor({ code, reason }: Closed) {
    super(`closed with ${code}: ${reason}`);
    this.code = code;
  }
}

export class Wire {
  readonly websocket: WebSocket;
  readonly closed: Promise<Closed>;
  /** Everything that came and nobody took yet. */
  readonly frames: ServerFrame[] = [];
  /** Everything that came, in order. */
  readonly seen: ServerFrame[] = [];
  challenge!: ServerFrameOf<'challenge'>;
  #waiting: Waiting[] = [];
  #ended: Closed | undefined;
  #id = 0;
  readonly #failures: ((error: Error) => void)[] = [];

  private constructor(websocket: WebSocket) {
    this.websocket = websocket;
    websocket.on('message', (data) => this.#read(String(data)));
    this.closed = new Promise((resolve) => {
      websocket.on('close', (code, reason) => {
        const ended = { code, reason: reason.toString() };
        this.#ended = ended;
        for (const fail of this.#failures) fail(new Ended(ended));
        resolve(ended);
      });
    });
    websocket.on('error', () => {}); // a close follows
  }

  /** Connects and takes the challenge. */
  static async open(url: string, options: ClientOptions & ClientRequestArgs = {}): Promise<Wire> {
    const wire = new Wire(new WebSocket(url, SUBPROTOCOL, options));
    wire.challenge = await wire.take('challenge');
    return wire;
  }

  get socket(): Socket {
    return Reflect.get(this.websocket, '_socket'); // a test that resets or stalls a connection has no other way
  }

  /** Sends anything: text and bytes as they are, all else as JSON. */
  send(value: unknown): void {
    this.websocket.send(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value));
  }

  /** The next frame of a type, or that `match` accepts; what came before it stays. Rejects when the connection closes. */
  take<T extends ServerFrame['type']>(type: T): Promise<ServerFrameOf<T>>;
  take(match: (frame: ServerFrame) => boolean): Promise<ServerFrame>;
  take(wanted: string | ((frame: ServerFrame) => boolean)): Promise<ServerFrame> {
    const match = typeof wanted === 'string' ? ({ type }: ServerFrame) => type === wanted : wanted;
    const at = this.frames.findIndex(match);
    const [found] = at < 0 ? [] : this.frames.splice(at, 1);
    if (found) return Promise.resolve(found);
    if (this.#ended) return Promise.reject(new Ended(this.#ended));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ match, resolve });
      this.#failures.push(reject);
    });
  }

  /** From now on, takes and acks whatever is delivered, as a client does that reads. */
  ackAll(): void {
    this.websocket.on('message', (data) => {
      const frame = serverFrame.parse(JSON.parse(String(data)));
      if ('n' in frame) this.send({ type: 'ack', upTo: frame.n, tags: [] });
    });
  }

  nextId(): number {
    this.#id += 1;
    return this.#id;
  }

  /** Sends a request and takes its answer. */
  async request(asked: Asked): Promise<AnswerFrame> {
    const id = this.nextId();
    this.send({ id, ...asked });
    return this.answer(id);
  }

  async answer(id: number): Promise<AnswerFrame> {
    const frame = await this.take((one) => (one.type === 'ok' || one.type === 'error') && one.re === id);
    return frame as AnswerFrame; // by the test above
  }

  /** The fields of the `ok`; an error is thrown as Refused. */
  async ok(asked: Asked): Promise<ServerFrameOf<'ok'>> {
    const answer = await this.request(asked);
    if (answer.type === 'error') throw new Refused(answer);
    return answer;
  }

  /** The code of the error; anything else is thrown. */
  async refusal(asked: Asked): Promise<string> {
    const answer = await this.request(asked);
    if (answer.type === 'ok') throw new Error(`${asked.type} was answered with ok`);
    return answer.code;
  }

  async close(): Promise<void> {
    this.websocket.close();
    await this.closed;
  }

  #read(text: string): void {
    const frame = serverFrame.parse(JSON.parse(text)); // whatever the server says is a frame of the protocol
    this.seen.push(frame);
    const at = this.#waiting.findIndex(({ match }) => match(frame));
    const [waiting] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (waiting) waiting.resolve(frame);
    else this.frames.push(frame);
  }
}

/** A message in short: the beginning of its random body. */
export const short = ({ body }: { readonly body: string }): string => body.slice(0, 24);
/** What a connection was delivered. Without what came again: clients know it by its id (DESIGN section 3), and so does this. */
export const deliveries = (wire: Wire): string[] => [
  ...new Set(wire.seen.flatMap((frame) => (frame.type === 'deliver' ? [short(frame)] : []))),
];
