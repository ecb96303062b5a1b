// The gateway's port: WebSocket for clients; health, readiness and metrics for operators.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { RequestError } from '#protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES, SUBPROTOCOL } from '#protocol/limits.ts';
import { BLOB_PATH } from '#protocol/sealed-file.ts';
import { LOOPBACK } from '#runtime/door/addresses.ts';
import { Admission } from '#runtime/door/admission.ts';
import { measureCertificate } from '#runtime/door/certificate.ts';
import { listen, makeHttpServer } from '#runtime/door/http-server.ts';
import { refuse } from '#runtime/door/refusal.ts';
import type { GatewaySettings } from './config.ts';
import { Connection } from './connection.ts';
import type { ConnectionRefusal } from './counts.ts';
import type { Hub } from './hub.ts';
import { DoorSocket } from './socket.ts';

/** Pieces of an unfinished message cost far more than their bytes: measured, 38 times for fragments of one byte, 565 times for writes of one. */
const FRAGMENTS_MAX = 16;
const CHUNKS_BUFFERED_MAX = 1_024;
/** How long clients may take to say goodbye at the end. */
const GOODBYE_MAX_MS = 2_000;
const GOODBYE_LOOK_MS = 10;
const ELSEWHERE = 'This server is not ready: go elsewhere.';

/** Answers requests that are not the gateway's own: those for blobs, where whoever has them shares its process. */
export type BlobHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export class Listener {
  readonly #hub: Hub;
  readonly #settings: GatewaySettings;
  readonly #server: Server;
  readonly #websockets: WebSocketServer;
  readonly #admission: Admission;
  readonly #blobs: BlobHandler | undefined;
  #ready = false;

  /** `blobs`: who serves BLOB_PATH on this port. Throws ConfigError: plain ws where others could read it, or a certificate that cannot be read. */
  constructor(hub: Hub, settings: GatewaySettings, blobs?: BlobHandler) {
    this.#hub = hub;
    this.#settings = settings;
    this.#blobs = blobs;
    this.#server = makeHttpServer(settings);
    this.#admission = new Admission(settings, () => hub.counts.turnedAway('network'));
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
    this.#server.on('connection', (socket: Socket) => this.#admission.admit(socket));
    this.#server.on('request', (request, response) => void this.#respond(request, response));
    // Whoever serves it says when the body shall come.
    this.#server.on('checkContinue', (request, response) => void this.#respond(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      socket.on('error', onReset);
      const source = this.#admission.sourceOf(request);
      const turnAway = (why: ConnectionRefusal, status: string, text: string): void => {
        hub.counts.turnedAway(why);
        refuseUpgrade(socket, status, text);
      };
      const tooMany = (why: 'network' | 'rate') =>
        turnAway(why, '429 Too Many Requests', 'Too many connections. Wait a minute.');
      if (!this.#isReady) return turnAway('not_ready', '503 Service Unavailable', ELSEWHERE);
      const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
      if (!offered.includes(SUBPROTOCOL))
        return turnAway('subprotocol', '400 Bad Request', `Offer the subprotocol ${SUBPROTOCOL}.`);
      if (!this.#admission.enter(socket, source)) return tooMany('network');
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
    const at = await listen(this.#server, this.#settings, { host: 'host', port: 'port' }, (err) =>
      this.#hub.log.error({ err }, 'a connection could not be accepted'),
    );
    return `${this.#settings.tlsCert ? 'wss' : 'ws'}://${at}`;
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

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url } = request;
    if (url === BLOB_PATH && this.#blobs) return this.#serveBlob(this.#blobs, request, response);
    if (url === '/healthz') return reply(response, 200, 'ok\n');
    if (url === '/readyz') return this.ready ? reply(response, 200, 'ready\n') : reply(response, 503, 'not ready\n');
    // What a deployment does is nobody else's business: only from this machine, and never through a proxy.
    const near = LOOPBACK.test(request.socket.remoteAddress ?? '') && !request.headers['x-forwarded-for'];
    if (url === '/metrics' && near) return reply(response, 200, await this.#hub.metrics.text());
    if (url === '/') return reply(response, 426, 'This is a Parley server: connect with a Parley client.\n');
    reply(response, 404, 'Not found.\n');
  }

  /** Whoever is let in as a connection would be. */
  async #serveBlob(blobs: BlobHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const turnAway = (error: RequestError): Promise<void> => refuse(request, response, error, { close: true });
    const { counts, rates } = this.#hub;
    if (!this.#isReady) {
      counts.turnedAway('not_ready');
      return turnAway(new RequestError('unavailable', ELSEWHERE));
    }
    const take = (source: string): Promise<void> =>
      rates.take('connection', source).catch((error: unknown) => {
        counts.turnedAway('rate');
        throw error;
      });
    try {
      await this.#admission.visit(request, take);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return turnAway(error);
    }
    await blobs(request, response);
  }
}

/** A client that resets while it is refused must not end the process. No closure: it would keep the request as long as the socket. */
function onReset(this: Duplex): void {
  this.destroy();
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

/** Answers an upgrade that is not taken, and lets go of the socket whether or not the client does. */
function refuseUpgrade(socket: Duplex, status: string, text: string): void {
  const length = Buffer.byteLength(text);
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${text}`,
  );
}
