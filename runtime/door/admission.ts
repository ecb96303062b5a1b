// Who gets in at a port that strangers reach: so many connections and requests of one network, whatever they turn out to want.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestError } from '#protocol/errors.ts';
import { Sources, sourceOf } from './sources.ts';

/** Who has all connections that one network may have is refused with a sentence; so many more sockets are not even looked at. */
const SOCKETS_PER_CONNECTION = 2;
const TOO_MANY = 'Too many connections. Wait a minute.';
const TOO_MANY_WAIT_MS = 60_000;

export type AdmissionRules = {
  /** Behind a proxy all sockets come from that: X-Forwarded-For says whose they are. */
  readonly trustProxy: boolean;
  /** A factor for the bounds. */
  readonly rateFactor: number;
};

export class Admission {
  readonly #trustProxy: boolean;
  readonly #onRefused: () => void;
  /** Connections by source, and all sockets, which become one or not. */
  readonly #sources: Sources;
  readonly #sockets: Sources;
  /** Sockets that plain requests came in on, from their first one on: let in, or not. */
  readonly #visits = new WeakMap<Duplex, Promise<void>>();

  /** `onRefused`: a network had too many. */
  constructor({ trustProxy, rateFactor }: AdmissionRules, onRefused: () => void) {
    this.#trustProxy = trustProxy;
    this.#onRefused = onRefused;
    this.#sources = new Sources(rateFactor);
    this.#sockets = new Sources(rateFactor * SOCKETS_PER_CONNECTION);
  }

  /** Also before a request has come, sockets of one network have a bound; behind a proxy all come from that. */
  admit(socket: Socket): void {
    if (this.#trustProxy) return;
    const source = sourceOf(socket.remoteAddress ?? 'unknown');
    if (!this.#sockets.enter(source)) {
      this.#onRefused();
      return void socket.destroy();
    }
    socket.on('close', () => this.#sockets.leave(source)); // comes once; `once` would cost each socket 100 bytes more
  }

  /** Counts the socket until it closes; false if its source has too many. Its closure keeps no request. */
  enter(socket: Duplex, source: string): boolean {
    if (!this.#sources.enter(source)) return false;
    socket.on('close', () => this.#sources.leave(source)); // as above
    return true;
  }

  /** The network that a request comes from. */
  sourceOf(request: IncomingMessage): string {
    const forwarded = this.#trustProxy ? request.headers['x-forwarded-for'] : undefined;
    const last = forwarded?.toString().split(',').at(-1)?.trim();
    return sourceOf(last || (request.socket.remoteAddress ?? 'unknown'));
  }

  /** Lets a plain request in. Its socket is counted as a connection once. `take`: takes from the rate of a source. Throws RequestError `rate_limited`. */
  visit(request: IncomingMessage, take: (source: string) => Promise<void>): Promise<void> {
    const { socket } = request;
    const known = this.#visits.get(socket);
    if (known) return known;
    const source = this.sourceOf(request);
    const visit = this.enter(socket, source) ? take(source) : this.#refuse();
    this.#visits.set(socket, visit);
    return visit;
  }

  async #refuse(): Promise<never> {
    this.#onRefused();
    throw new RequestError('rate_limited', TOO_MANY, TOO_MANY_WAIT_MS);
  }
}
