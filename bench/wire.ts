// A client's connection as a load generator needs it: the frames of the protocol and nothing of a client's storage or sealing, so that
// what is measured is the server. Writes of one tick leave as one, as a good client's do.
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import type { ClientFrameOf, Request, RequestType } from '#protocol/frames/client.ts';
import type { Answer, ServerFrame, ServerFrameOf } from '#protocol/frames/server.ts';
import { SUBPROTOCOL } from '#protocol/limits.ts';

/** Everything that may arrive: a server's frames, and from the relay what the other client sent. */
export type Incoming = ServerFrame | ClientFrameOf<'send'> | ClientFrameOf<'ack'>;
/** A request without its number. */
type Asked<T extends RequestType> = Omit<Extract<Request, { type: T }>, 'id' | 'type'>;

/** Above every number that a prepared `send` carries. */
const FIRST_ASK = 1_000_000_000;

const corked = new Set<Socket>();

function uncorkAll(): void {
  for (const socket of corked) socket.uncork();
  corked.clear();
}

export class Wire {
  readonly #websocket: WebSocket;
  #socket: Socket | undefined;
  readonly #asks = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  #lastAsk = FIRST_ASK;
  #acks: [number, string][] = [];
  #ackUpTo = 0;
  #challenged: (challenge: ServerFrameOf<'challenge'>) => void = () => {};
  /** The first frame of a server's connection. */
  readonly challenge: Promise<ServerFrameOf<'challenge'>>;
  /** Called with all that is not an answer to `ask` and not the challenge. */
  onFrame: (frame: Incoming) => void = () => {};
  /** A connection that ends while it is needed ends the benchmark. */
  onClose: (reason: Error) => void = (reason) => {
    throw reason;
  };

  private constructor(websocket: WebSocket) {
    this.#websocket = websocket;
    this.challenge = new Promise((resolve) => {
      this.#challenged = resolve;
    });
  }

  /** Connects. Throws what the socket says. */
  static open(url: string): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const websocket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false });
      const wire = new Wire(websocket);
      websocket.on('upgrade', ({ socket }) => {
        wire.#socket = socket;
      });
      websocket.on('open', () => {
        websocket.on('close', (code, reason) => wire.onClose(new Error(`The server closed: ${code} ${reason}`)));
        resolve(wire);
      });
      websocket.on('error', reject);
      // ws hands text over as a Buffer with the default binaryType.
      websocket.on('message', (data) => wire.#receive(data as Buffer));
    });
  }

  /** Sends a prepared frame: UTF-8 text. */
  send(frame: Buffer | string): void {
    this.#cork();
    this.#websocket.send(frame, { binary: false });
  }

  /** Asks and awaits the one answer; an `error` rejects with its code and sentence. */
  ask<T extends RequestType>(type: T, fields: Asked<T>): Promise<Answer<T>> {
    this.#lastAsk += 1;
    const id = this.#lastAsk;
    this.send(JSON.stringify({ type, id, ...fields }));
    return new Promise<Answer<T>>((resolve, reject) => this.#asks.set(id, { resolve, reject }));
  }

  /** Acknowledges item `n`, with a tag if it is a message; the acks of one tick are one frame. */
  ack(n: number, tag?: string): void {
    if (this.#ackUpTo === 0) setImmediate(() => this.#flushAcks());
    this.#ackUpTo = n;
    if (tag !== undefined) this.#acks.push([n, tag]);
  }

  /** What went through its socket so far, both ways: with the frames of WebSocket, without those of TCP. */
  get bytes(): number {
    return (this.#socket?.bytesRead ?? 0) + (this.#socket?.bytesWritten ?? 0);
  }

  /** Ends the connection; that is no error then. */
  close(): void {
    this.onClose = () => {};
    this.#websocket.terminate();
  }

  #flushAcks(): void {
    this.send(JSON.stringify({ type: 'ack', upTo: this.#ackUpTo, tags: this.#acks }));
    this.#acks = [];
    this.#ackUpTo = 0;
  }

  #cork(): void {
    const socket = this.#socket;
    if (!socket || corked.has(socket)) return;
    if (corked.size === 0) setImmediate(uncorkAll);
    corked.add(socket);
    socket.cork();
  }

  #receive(data: Buffer): void {
    const frame = JSON.parse(data.toString()) as Incoming; // from the server under test, whose frames its own tests check
    if (frame.type === 'challenge') return this.#challenged(frame);
    if ((frame.type === 'ok' || frame.type === 'error') && frame.re !== undefined && frame.re > FIRST_ASK) {
      const ask = this.#asks.get(frame.re);
      this.#asks.delete(frame.re);
      if (frame.type === 'ok')
        ask?.resolve(frame as never); // `ask` knows the type of what it asked
      else ask?.reject(new Error(`${frame.code}: ${frame.message}`));
      return;
    }
    this.onFrame(frame);
  }
}
