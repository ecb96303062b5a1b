// Blobs over HTTP (PROTOCOL.md, Files): HEAD says where an upload stands, PATCH adds a part to it, GET has the blob or a range of it. What is refused
// is refused before any of its body is read.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { ProtocolError, RequestError, Unavailable } from '#protocol/errors.ts';
import { SECOND_MS } from '#protocol/limits.ts';
import { OFFSET_HEADER, TICKET_MAX_CHARS, TICKET_SCHEME } from '#protocol/sealed-file.ts';
import { hasBody, refuse } from '#runtime/door/refusal.ts';
import type { Ticket, Tickets } from '#runtime/tickets.ts';
import { type Blobs, WrongOffset } from './blobs.ts';
import type { BlobCounts, BlobMethod } from './counts.ts';
import { type ByteRange, rangeOf } from './range.ts';
import type { BlobRates } from './rates.ts';
import type { BlobStore } from './store.ts';
import { Cut, piecesOf, sendPieces } from './streams.ts';
import type { Transfers } from './transfers.ts';

/** So long a body may stand still. */
export const UPLOAD_STALL_MAX_MS = 30 * SECOND_MS;
/**
 * So long nothing of an answer may be taken. The kernel asks for more only once a third of what it holds for a socket has left, up to 1.3 MiB: on a line of 20 kB/s that is
 * once in 66 s, and such a client is slow, not gone.
 */
export const DOWNLOAD_STALL_MAX_MS = 120 * SECOND_MS;

const AUTHORIZATION = new RegExp(`^${TICKET_SCHEME} ([A-Za-z0-9_-]{1,${TICKET_MAX_CHARS}})$`, 'i');
const OFFSET = /^\d{1,15}$/;
const ALWAYS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

export type BlobHttpDeps = {
  readonly blobs: Blobs;
  readonly store: BlobStore;
  readonly tickets: Tickets;
  readonly transfers: Transfers;
  readonly rates: BlobRates;
  readonly counts: BlobCounts;
  readonly log: Logger;
  readonly uploadStallMaxMs: number;
  readonly downloadStallMaxMs: number;
};

export class BlobHttp {
  readonly #deps: BlobHttpDeps;
  readonly #busy = new WeakSet<Duplex>();

  constructor(deps: BlobHttpDeps) {
    this.#deps = deps;
  }

  /** Answers a request for BLOB_PATH. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    // Who sends the next request before the answer to the last would have all of them wait in memory.
    if (this.#busy.has(socket)) return void socket.destroy();
    this.#busy.add(socket);
    response.once('finish', () => this.#busy.delete(socket));
    response.on('error', () => {}); // a close follows
    const method = methodOf(request);
    try {
      await this.#serve(method, request, response);
      this.#deps.counts.request(method, 'ok');
    } catch (error) {
      this.#deps.counts.request(method, await this.#fail(error, request, response));
    }
  }

  async #serve(method: BlobMethod, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (method) {
      case 'head':
        return this.#head(request, response);
      case 'patch':
        return this.#patch(request, response);
      case 'get':
        return this.#get(request, response);
      case 'other':
        throw new RequestError('bad_request', 'Files take HEAD, PATCH and GET.');
    }
  }

  async #head(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ticket = await this.#ticketOf(request, 'put');
    refuseBody(request);
    answer(response, await this.#deps.blobs.stored(ticket));
  }

  async #patch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { blobs, transfers, counts, uploadStallMaxMs } = this.#deps;
    const ticket = await this.#ticketOf(request, 'put');
    const part = { offset: offsetOf(request), bytes: lengthOf(request) };
    const end = transfers.begin(ticket);
    try {
      const store = await blobs.awaitPart(ticket, part);
      if (request.headers.expect !== undefined) response.writeContinue();
      const pieces = counted(piecesOf(request, uploadStallMaxMs), (bytes) => counts.received(bytes));
      const { stored, whole } = await store(pieces);
      if (whole) counts.whole();
      answer(response, stored);
    } finally {
      end();
    }
  }

  async #get(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { blobs, store, transfers, counts, downloadStallMaxMs } = this.#deps;
    const ticket = await this.#ticketOf(request, 'get');
    refuseBody(request);
    const end = transfers.begin(ticket);
    try {
      const { blob, size } = await blobs.whole(ticket);
      const { range } = request.headers;
      const asked = range === undefined ? { from: 0, to: size } : rangeOf(range, size);
      if (!asked) throw new BeyondEnd(size);
      // Its first piece before the head of the answer: a store that is away is said, not a connection cut.
      const pieces = store.read(blob, asked.from, asked.to)[Symbol.asyncIterator]();
      const first = await pieces.next();
      response.writeHead(range === undefined ? 200 : 206, headOf(asked, size, range !== undefined));
      await sendPieces(response, resumed(first, pieces), downloadStallMaxMs, (bytes) => counts.sent(bytes));
    } finally {
      end();
    }
  }

  /** Throws RequestError `bad_ticket`, `rate_limited`. */
  async #ticketOf(request: IncomingMessage, right: Ticket['right']): Promise<Ticket> {
    const [, text] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
    if (text === undefined) throw new RequestError('bad_ticket');
    const ticket = this.#deps.tickets.read(text);
    if (ticket.right !== right) throw new RequestError('bad_ticket', `This ticket is not for ${request.method}.`);
    await this.#deps.rates.request(ticket.device);
    return ticket;
  }

  /** Answers what can be answered yet. Returns the outcome for the counts. */
  async #fail(error: unknown, request: IncomingMessage, response: ServerResponse): Promise<string> {
    if (error instanceof Cut) {
      response.destroy();
      return 'cut';
    }
    const refusal = this.#refusalOf(error);
    if (response.headersSent) {
      response.destroy(); // the length that was promised is not reached: so who reads knows
      return refusal.code;
    }
    await refuse(request, response, refusal, {
      ...detailsOf(error),
      ...(methodOf(request) === 'other' ? { status: 405, headers: { allow: 'HEAD, PATCH, GET' } } : {}),
      close: refusal.code === 'bad_ticket', // a stranger's next try costs a connection, which are counted
    });
    return refusal.code;
  }

  #refusalOf(error: unknown): RequestError {
    if (error instanceof RequestError) return error;
    if (error instanceof ProtocolError) return new RequestError('bad_request', error.message);
    if (error instanceof Unavailable) this.#deps.log.warn({ err: error }, 'a file could not be served');
    else this.#deps.log.error({ err: error }, 'a request for a file failed that should not fail');
    return new RequestError('unavailable');
  }
}

/** A range that begins behind the end. */
class BeyondEnd extends RequestError {
  readonly size: number;

  constructor(size: number) {
    super('bad_request', `The file has ${size} bytes; there is nothing behind them.`);
    this.size = size;
  }
}

/** A body without a length that is known before. */
class LengthRequired extends RequestError {}

function detailsOf(error: unknown): {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
} {
  if (error instanceof WrongOffset) return { headers: { [OFFSET_HEADER]: String(error.stored) } };
  if (error instanceof BeyondEnd) return { status: 416, headers: { 'content-range': `bytes */${error.size}` } };
  if (error instanceof LengthRequired) return { status: 411 };
  return {};
}

function methodOf({ method }: IncomingMessage): BlobMethod {
  switch (method) {
    case 'HEAD':
      return 'head';
    case 'PATCH':
      return 'patch';
    case 'GET':
      return 'get';
    default:
      return 'other';
  }
}

function offsetOf({ headers }: IncomingMessage): number {
  const text = headers[OFFSET_HEADER];
  if (typeof text !== 'string' || !OFFSET.test(text))
    throw new RequestError('bad_request', 'Say in Upload-Offset where the part begins, in bytes.');
  return Number(text);
}

function lengthOf({ headers }: IncomingMessage): number {
  const text = headers['content-length'];
  if (text === undefined)
    throw new LengthRequired('bad_request', 'Say in Content-Length how many bytes the part has; it has no other end.');
  return Number(text); // digits, or the request had been none
}

function refuseBody(request: IncomingMessage): void {
  if (hasBody(request)) throw new RequestError('bad_request', `${request.method} has no body.`);
}

function answer(response: ServerResponse, stored: number): void {
  response.writeHead(204, { ...ALWAYS, [OFFSET_HEADER]: stored }).end();
}

function headOf({ from, to }: ByteRange, size: number, part: boolean): Record<string, string | number> {
  return {
    ...ALWAYS,
    'content-type': 'application/octet-stream',
    'content-length': to - from,
    'accept-ranges': 'bytes',
    ...(part ? { 'content-range': `bytes ${from}-${to - 1}/${size}` } : {}),
  };
}

async function* counted(pieces: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

/** What is left of an iteration whose first step is done. */
async function* resumed(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let step = first; !step.done; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}
