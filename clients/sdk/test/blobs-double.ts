// Blobs in memory, over HTTP, as PROTOCOL.md describes them, beside the server double. What it does otherwise a test chooses by `lie`; and it notes what
// every chunk that ever reached it hashes to, so that a key and place with two chunks do not go unseen.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toHex } from '#protocol/bytes.ts';
import { ERROR_CODES, type ErrorCode } from '#protocol/errors.ts';
import { H } from '#protocol/hash.ts';
import { SEALED_CHUNK_BYTES } from '#protocol/sealed-file.ts';

export type BlobTicket = {
  readonly right: 'put' | 'get';
  readonly blob: string;
  readonly size: number;
  readonly number: number;
};
export type BlobAsked = {
  readonly ticket: BlobTicket;
  readonly method: string;
  /** Of an upload's part, or where a range begins. */
  readonly offset: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

const STATUS: Partial<Record<ErrorCode, number>> = {
  ...{ bad_ticket: 401, no_such_file: 404, wrong_offset: 409, files_over_quota: 413, rate_limited: 429 },
  ...{ busy: 503, unavailable: 503, no_space: 507 },
};

/** A ticket as it travels. */
export function ticketText(ticket: BlobTicket): string {
  return Buffer.from(JSON.stringify(ticket)).toString('base64url');
}

export class BlobsDouble {
  /** What is stored, by the blob's name. */
  readonly blobs = new Map<string, Buffer>();
  /** What it was asked, in order, as `PATCH 0`. */
  readonly asked: string[] = [];
  readonly tickets: BlobTicket[] = [];
  /** Answers in its place, and returns true; asked before the body is read. */
  lie: ((asked: BlobAsked) => boolean | Promise<boolean>) | undefined;
  /** Called with what is stored after each part, before the answer. */
  took: ((blob: string, stored: number, asked: BlobAsked) => void) | undefined;
  readonly #chunks = new Map<string, string>();
  /** Places for which two different chunks came under one name, hence one key. */
  readonly reused: string[] = [];

  ticket(right: 'put' | 'get', blob: string, size = 0): { ticket: string } {
    const ticket = { right, blob, size, number: this.tickets.length };
    this.tickets.push(ticket);
    return { ticket: ticketText(ticket) };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const [, text = ''] = /^Parley-Ticket ([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
    if (request.url !== '/blob' || text === '') return refuse(response, 'bad_ticket');
    const ticket = JSON.parse(Buffer.from(text, 'base64url').toString()) as BlobTicket; // as `ticket` wrote it
    const [, range = '0'] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
    const offset = Number(headers['upload-offset'] ?? range);
    this.asked.push(`${method} ${offset}`);
    const asked = { ticket, method, offset, request, response };
    if (await this.lie?.(asked)) return;
    if (method === 'GET') return this.#get(asked);
    if (method === 'PATCH') return this.#patch(asked);
    this.#stands(response, 204, ticket.blob);
  }

  /** Notes what a part is made of, also one that is cut. */
  note({ blob, size }: BlobTicket, offset: number, body: Uint8Array): void {
    for (let at = 0; at < body.length; at += SEALED_CHUNK_BYTES) {
      const end = at + SEALED_CHUNK_BYTES;
      if (end > body.length && offset + body.length < size) continue;
      const place = `${blob} ${offset + at}`;
      const hash = toHex(H(body.subarray(at, end)));
      if ((this.#chunks.get(place) ?? hash) !== hash) this.reused.push(place);
      this.#chunks.set(place, hash);
    }
  }

  async #patch(asked: BlobAsked): Promise<void> {
    const { ticket, offset, request, response } = asked;
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      return this.note(ticket, offset, Buffer.concat(pieces));
    }
    const body = Buffer.concat(pieces);
    this.note(ticket, offset, body);
    const stored = this.blobs.get(ticket.blob) ?? Buffer.alloc(0);
    if (offset !== stored.length) return this.#stands(response, 409, ticket.blob);
    this.blobs.set(ticket.blob, Buffer.concat([stored, body]));
    this.took?.(ticket.blob, stored.length + body.length, asked);
    if (!response.destroyed) this.#stands(response, 204, ticket.blob);
  }

  #get({ ticket, offset, request, response }: BlobAsked): void {
    const blob = this.blobs.get(ticket.blob);
    if (blob === undefined) return refuse(response, 'no_such_file');
    if (request.headers.range === undefined) response.writeHead(200, { 'content-length': blob.length });
    else
      response.writeHead(206, {
        'content-length': blob.length - offset,
        'content-range': `bytes ${offset}-${blob.length - 1}/${blob.length}`,
      });
    response.end(blob.subarray(offset));
  }

  #stands(response: ServerResponse, status: number, blob: string): void {
    response.writeHead(status, { 'upload-offset': this.blobs.get(blob)?.length ?? 0 }).end();
  }
}

export function refuse(response: ServerResponse, code: ErrorCode): void {
  const { retry, text: message } = ERROR_CODES[code];
  response.writeHead(STATUS[code] ?? 400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code, message, retry }));
}
