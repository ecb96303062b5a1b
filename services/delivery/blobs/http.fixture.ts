// Blobs over real sockets, on a store of the test's: it writes the tickets, moves the clock, and says how long a body may stand still.
import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach } from 'vitest';
import { DAY_MS } from '#protocol/limits.ts';
import { BLOB_PATH, PART_BYTES, TICKET_SCHEME } from '#protocol/sealed-file.ts';
import { listen, makeHttpServer } from '#runtime/door/http-server.ts';
import { Metrics } from '#runtime/metrics.ts';
import { TICKET_KEY_BYTES, type Ticket, Tickets } from '#runtime/tickets.ts';
import { Blobs } from './blobs.ts';
import { BlobCounts } from './counts.ts';
import { BlobHttp } from './http.ts';
import { BlobRates } from './rates.ts';
import type { BlobStore } from './store.ts';
import { Total } from './total.ts';
import { Transfers } from './transfers.ts';

export const base64 = (bytes: number): string => randomBytes(bytes).toString('base64');
const NOW = 1_800_000_000_000;

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** As JSON; undefined if it is none. */
  readonly json: { readonly code: string; readonly message: string; readonly retry: boolean } | undefined;
};

export type Asked = {
  readonly ticket?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
};

export type BlobServerOptions = {
  readonly quotaBytes?: number;
  readonly totalBytes?: number;
  readonly stallMaxMs?: number;
};

export class BlobServer {
  readonly tickets: Tickets;
  /** ms since 1970 */
  now = NOW;
  readonly expiry = { believed: true };
  readonly space = { low: false, hasRoomFor: (): boolean => true };
  readonly transfers = new Transfers();
  readonly logged: string[] = [];
  readonly #metrics = new Metrics();
  readonly #server: Server;
  #port = 0;

  private constructor(
    store: BlobStore,
    { quotaBytes = 2 ** 40, totalBytes = 2 ** 50, stallMaxMs = 30_000 }: BlobServerOptions,
  ) {
    const key = randomBytes(TICKET_KEY_BYTES);
    const now = (): number => this.now;
    this.tickets = new Tickets(new Uint8Array(key), now);
    const total = new Total(store, () => performance.now());
    const { expiry, space, transfers, tickets } = this;
    const http = new BlobHttp({
      blobs: new Blobs({ store, total, now, expiry, space, quotaBytes, totalBytes }),
      ...{ store, tickets, transfers },
      rates: new BlobRates(1),
      counts: new BlobCounts(this.#metrics, total, { limitBytes: totalBytes, open: () => transfers.open }),
      log: pino({ level: 'warn' }, { write: (line) => this.logged.push(line) }),
      uploadStallMaxMs: stallMaxMs,
      downloadStallMaxMs: stallMaxMs,
    });
    this.#server = makeHttpServer({ host: '127.0.0.1', port: 0, allowPlain: false });
    this.#server.on('request', (request, response) => void http.handle(request, response));
    this.#server.on('checkContinue', (request, response) => void http.handle(request, response));
  }

  static async start(store: BlobStore, options: BlobServerOptions = {}): Promise<BlobServer> {
    const server = new BlobServer(store, options);
    const place = { host: '127.0.0.1', port: 0, allowPlain: false };
    const at = await listen(server.#server, place, { host: 'host', port: 'port' }, () => {});
    server.#port = Number(at.split(':')[1]);
    return server;
  }

  /** A ticket to upload something new of AL's, unless given. */
  put(given: Partial<Ticket> = {}): Ticket {
    const device = 'Y'.repeat(43);
    return {
      ...{ right: 'put', blob: base64(32), address: 'al@localhost', device: `${device}=`, size: 4_112 },
      retention: DAY_MS,
      ...given,
    };
  }

  ask(method: string, { ticket, headers = {}, body }: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        ...{ host: '127.0.0.1', port: this.#port, path: BLOB_PATH, method, agent: false },
        headers: {
          ...(ticket === undefined ? {} : { authorization: `${TICKET_SCHEME} ${ticket}` }),
          ...(body ? { 'content-length': body.length } : {}),
          ...headers,
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const all = Buffer.concat(pieces);
          const isJson = response.headers['content-type'] === 'application/json' && all.length > 0;
          const json = isJson ? (JSON.parse(all.toString()) as Answer['json']) : undefined; // a test looks at what it is
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all, json });
        });
      });
      request.end(body);
    });
  }

  /** PATCH of the part at `offset` of a blob. */
  add(ticket: Ticket, offset: number, body: Uint8Array): Promise<Answer> {
    return this.ask('PATCH', { ticket: this.tickets.write(ticket), headers: { 'upload-offset': offset }, body });
  }

  /** HEAD: how much of it is stored. */
  async stands(ticket: Ticket): Promise<number> {
    const { status, headers } = await this.ask('HEAD', { ticket: this.tickets.write(ticket) });
    if (status !== 204) throw new Error(`HEAD is answered with ${status}.`);
    return Number(headers['upload-offset']);
  }

  get(ticket: Ticket, range?: string): Promise<Answer> {
    const headers: Record<string, string> = range === undefined ? {} : { range };
    return this.ask('GET', { ticket: this.tickets.write({ ...ticket, right: 'get' }), headers });
  }

  /** Uploads all of it. */
  async upload(ticket: Ticket, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const { status, body } = await this.add(ticket, at, bytes.subarray(at, at + PART_BYTES));
      if (status !== 204) throw new Error(`PATCH is answered with ${status}: ${body.toString()}`);
    }
  }

  /** A socket that has said this. */
  socket(text: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, '127.0.0.1', () => {
        socket.off('error', reject).on('error', () => {}); // a close follows
        socket.write(text);
        resolve(socket);
      });
      socket.once('error', reject);
    });
  }

  /** What is said to this text until the connection ends. */
  async says(text: string): Promise<string> {
    const socket = await this.socket(text);
    let said = '';
    for await (const piece of socket) said += String(piece);
    return said;
  }

  /** The head of a request with a ticket, up to the empty line. */
  head(method: string, ticket: Ticket, ...lines: readonly string[]): string {
    const first = [`${method} ${BLOB_PATH} HTTP/1.1`, 'Host: parley'];
    const authorization = `Authorization: ${TICKET_SCHEME} ${this.tickets.write(ticket)}`;
    return [...first, authorization, ...lines, '', ''].join('\r\n');
  }

  /** The value of a metric. */
  async measured(sample: string): Promise<number> {
    const line = (await this.#metrics.text()).split('\n').find((text) => text.startsWith(`${sample} `));
    return Number(line?.slice(sample.length + 1));
  }

  /** A blob that is whole, of so many random bytes. */
  async uploaded(size: number, given: Partial<Ticket> = {}): Promise<{ ticket: Ticket; bytes: Buffer }> {
    const ticket = this.put({ size, ...given });
    const bytes = randomBytes(size);
    await this.upload(ticket, bytes);
    return { ticket, bytes };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export type OpenStore = () => Promise<{ readonly store: BlobStore; close(): Promise<void> }>;

/** For each test a store of its own, a server on it, and more of them where it wants. */
export type BlobsHere = {
  readonly store: BlobStore;
  readonly server: BlobServer;
  /** `store`: in place of that one. */
  another(options?: BlobServerOptions, store?: BlobStore): Promise<BlobServer>;
};

/** Within a `describe`. */
export function blobsHere(open: OpenStore): BlobsHere {
  let under: Awaited<ReturnType<OpenStore>>;
  let servers: BlobServer[] = [];
  let server: BlobServer;
  const another = async (options?: BlobServerOptions, store = under.store): Promise<BlobServer> => {
    const started = await BlobServer.start(store, options);
    servers.push(started);
    return started;
  };
  beforeEach(async () => {
    under = await open();
    server = await another();
  });
  afterEach(async () => {
    await Promise.all(servers.map((one) => one.stop()));
    servers = [];
    await under.close();
  });
  return {
    get store() {
      return under.store;
    },
    get server() {
      return server;
    },
    another,
  };
}
