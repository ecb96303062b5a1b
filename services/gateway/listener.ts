// The gateway's port: WebSocket for clients; health, readiness and metrics for operators.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLIENT_FRAME_MAX_BYTES, SUBPROTOCOL } from '#protocol/limits.ts';
import { ConfigError } from '#runtime/config.ts';
import { StartError } from '#runtime/start-error.ts';
import { measureCertificate } from './certificate.ts';
import type { GatewaySettings } from './config.ts';
import { Connection } from './connection.ts';
import type { ConnectionRefusal } from './counts.ts';
import type { Hub } from './hub.ts';
import { DoorSocket } from './socket.ts';
import { Sources, sourceOf } from './sources.ts';

/** Connections that the kernel keeps while the process is busy with others: a whole site may come back at once. */
const BACKLOG = 4_096;
export const LOOPBACK = /^((::ffff:)?127(\.\d{1,3}){3}|::1|localhost)$/;
/** Hosts that stand for every address of the machine, and which one of these to show. */
export const EVERY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);
/** Pieces of an unfinished message cost far more than their bytes: measured, 38 times for fragments of one byte, 565 times for writes of one. */
const FRAGMENTS_MAX = 16;
const CHUNKS_BUFFERED_MAX = 1_024;
/** Who has all connections that one network may have is refused with a sentence; so many more sockets are not even looked at. */
const SOCKETS_PER_CONNECTION = 2;
/** A request's head comes at once, or somebody holds sockets. */
const HEAD_MAX_MS = 10_000;
const HEAD_LOOK_MS = 5_000;
/** How long clients may take to say goodbye at the end. */
const GOODBYE_MAX_MS = 2_000;
const GOODBYE_LOOK_MS = 10;
const ELSEWHERE = 'This server is not ready: go elsewhere.';

export class Listener {
  readonly #hub: Hub;
  readonly #settings: GatewaySettings;
  readonly #server: Server;
  readonly #websockets: WebSocketServer;
  /** Connections by source, and all sockets, which become one or not. */
  readonly #sources: Sources;
  readonly #sockets: Sources;
  #ready = false;

  /** Throws ConfigError: plain ws where others could read it, or a certificate that cannot be read. */
  constructor(hub: Hub, settings: GatewaySettings) {
    this.#hub = hub;
    this.#settings = settings;
    this.#server = makeServer(settings);
    this.#sources = new Sources(settings.rateFactor);
    this.#sockets = new Sources(settings.rateFactor * SOCKETS_PER_CONNECTION);
    this.#websockets = new WebSocketServer({
      noServer: true,
      WebSocket: DoorSocket,
      maxPayload: CLIENT_FRAME_MAX_BYTES,
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: CHUNKS_BUFFERED_MAX,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    this.#server.headersTimeout = HEAD_MAX_MS;
    this.#server.on('connection', (socket: Socket) => this.#admit(socket));
    this.#server.on('request', (request, response) => void this.#respond(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      socket.on('error', onReset);
      const source = this.#sourceOf(request);
      const turnAway = (why: ConnectionRefusal, status: string, text: string): void => {
        hub.counts.turnedAway(why);
        refuse(socket, status, text);
      };
      const tooMany = (why: 'network' | 'rate') =>
        turnAway(why, '429 Too Many Requests', 'Too many connections. Wait a minute.');
      if (!this.#isReady) return turnAway('not_ready', '503 Service Unavailable', ELSEWHERE);
      const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
      if (!offered.includes(SUBPROTOCOL))
        return turnAway('subprotocol', '400 Bad Request', `Offer the subprotocol ${SUBPROTOCOL}.`);
      if (!this.#enter(socket, source)) return tooMany('network');
      hub.rates.take('connection', source).then(
        () => {
          if (!this.#isReady) return turnAway('not_ready', '503 Service Unavailable', ELSEWHERE); // it may have begun to end meanwhile
          this.#websockets.handleUpgrade(request, socket, head, (websocket: WebSocket) => {
            hub.add(new Connection(hub, websocket, request.socket, source));
          });
        },
        () => tooMany('rate'),
      );
    });
    if (settings.tlsCert) measureCertificate(hub.metrics, settings.tlsCert);
    hub.metrics.readyIf(() => this.#isReady && hub.ready);
  }

  /**
   * Begins to listen; returns an address for clients on this machine, `ws://host:port` or `wss://…`. Clients are refused until `open`.
   * Throws ConfigError or StartError.
   */
  async listen(): Promise<string> {
    const { host, port, tlsCert } = this.#settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(cannotListen(error, host, port)));
      this.#server.listen({ host, port, backlog: BACKLOG }, resolve);
    });
    // From here on: an accept that failed, for want of file descriptors. Others are served meanwhile.
    this.#server.on('error', (err) => this.#hub.log.error({ err }, 'a connection could not be accepted'));
    const bound = this.#server.address() as AddressInfo; // a port, never a pipe
    const shown = EVERY_ADDRESS.get(host) ?? host; // a client cannot connect to "every address"
    return `${tlsCert ? 'wss' : 'ws'}://${shown.includes(':') ? `[${shown}]` : shown}:${bound.port}`;
  }

  /** Takes clients from now on. */
  open(): void {
    this.#ready = true;
  }

  /** Takes no new clients, and says so: /readyz is asked by whoever else would send some here. */
  stop(): void {
    this.#ready = false;
  }

  /** Listens no more. */
  close(): void {
    this.#server.close();
  }

  /** The last: waits until the clients that were closed have gone, so that what was written before has reached them. */
  async goodbye(): Promise<void> {
    this.close();
    const deadline = this.#hub.monotonic() + GOODBYE_MAX_MS;
    while ((await this.#connections()) > 0 && this.#hub.monotonic() < deadline) await setTimeout(GOODBYE_LOOK_MS);
  }

  /** Whether more clients should come here. */
  get ready(): boolean {
    return this.#isReady && this.#hub.ready;
  }

  get #isReady(): boolean {
    return this.#ready && this.#hub.available;
  }

  #connections(): Promise<number> {
    return new Promise((resolve) => this.#server.getConnections((error, count) => resolve(error ? 0 : count)));
  }

  /** Also before a request has come, sockets of one network have a bound; behind a proxy all come from that. */
  #admit(socket: Socket): void {
    const source = sourceOf(socket.remoteAddress ?? 'unknown');
    if (this.#settings.trustProxy) return;
    if (!this.#sockets.enter(source)) {
      this.#hub.counts.turnedAway('network');
      return void socket.destroy();
    }
    socket.on('close', () => this.#sockets.leave(source)); // comes once; `once` would cost each socket 100 bytes more
  }

  /** Counts the socket until it closes; false if its source has too many. Its closure keeps no request. */
  #enter(socket: Duplex, source: string): boolean {
    if (!this.#sources.enter(source)) return false;
    socket.on('close', () => this.#sources.leave(source)); // as above
    return true;
  }

  #sourceOf(request: IncomingMessage): string {
    const forwarded = this.#settings.trustProxy ? request.headers['x-forwarded-for'] : undefined;
    const last = forwarded?.toString().split(',').at(-1)?.trim();
    return sourceOf(last || (request.socket.remoteAddress ?? 'unknown'));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url } = request;
    if (url === '/healthz') return reply(response, 200, 'ok\n');
    if (url === '/readyz') return this.ready ? reply(response, 200, 'ready\n') : reply(response, 503, 'not ready\n');
    // What a deployment does is nobody else's business: only from this machine, and never through a proxy.
    const near = LOOPBACK.test(request.socket.remoteAddress ?? '') && !request.headers['x-forwarded-for'];
    if (url === '/metrics' && near) return reply(response, 200, await this.#hub.metrics.text());
    if (url === '/') return reply(response, 426, 'This is a Parley server: connect with a Parley client.\n');
    reply(response, 404, 'Not found.\n');
  }
}

/** A client that resets while it is refused must not end the process. No closure: it would keep the request as long as the socket. */
function onReset(this: Duplex): void {
  this.destroy();
}

function makeServer({ host, tlsCert, tlsKey, allowPlain }: GatewaySettings): Server {
  if (!tlsCert !== !tlsKey) throw new ConfigError('TLS wants both --tls-cert and --tls-key.');
  if (tlsCert && tlsKey) {
    try {
      return createTlsServer({
        connectionsCheckingInterval: HEAD_LOOK_MS,
        cert: readFileSync(tlsCert),
        key: readFileSync(tlsKey),
      });
    } catch (error) {
      throw new ConfigError(`The TLS certificate cannot be used: ${error instanceof Error ? error.message : error}.`);
    }
  }
  if (!LOOPBACK.test(host) && !allowPlain) {
    throw new ConfigError(
      `Listening on ${host} without TLS lets others read who talks to whom. Give --tls-cert and --tls-key, or --allow-plain behind a proxy with TLS.`,
    );
  }
  return createServer({ connectionsCheckingInterval: HEAD_LOOK_MS });
}

function cannotListen(error: Error & { code?: string }, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(`Port ${port} is in use. Stop what uses it, or choose another with --port.`);
    case 'EACCES':
      return new StartError(`This user may not listen on port ${port}. Choose one above 1023 with --port.`);
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError(`The setting host (--host) is ${JSON.stringify(host)}: this machine has no such address.`);
    default:
      return error;
  }
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

/** Answers an upgrade that is not taken, and lets go of the socket whether or not the client does. */
function refuse(socket: Duplex, status: string, text: string): void {
  const length = Buffer.byteLength(text);
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${text}`,
  );
}
