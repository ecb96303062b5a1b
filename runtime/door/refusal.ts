// How a request over plain HTTP is refused: the status that its code has, and a body as of an `error` frame (PROTOCOL.md, Files).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERROR_CODES, type ErrorCode, type RequestError } from '#protocol/errors.ts';
import { SECOND_MS } from '#protocol/limits.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  bad_request: 400,
  bad_ticket: 401,
  no_such_file: 404,
  wrong_offset: 409,
  files_over_quota: 413,
  rate_limited: 429,
  busy: 503,
  unavailable: 503,
  no_space: 507,
};
/** Of codes that no plain request is refused with. */
const OTHER_STATUS = 500;
/** What is refused on a socket may be followed by the body that it came with: read for so long, since who is cut off while it writes loses the answer. */
const LINGER_MAX_MS = 5_000;

export type RefusalDetails = {
  /** In place of the code's own. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Ends the connection also where it could be used again. */
  readonly close?: boolean;
};

/** Whether a request brings a body, read or not. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Answers; what the request brought unread is thrown away. Resolves once the answer has left. */
export async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { code, message, retryAfterMs }: RequestError,
  { status = STATUS[code] ?? OTHER_STATUS, headers = {}, close = false }: RefusalDetails = {},
): Promise<void> {
  const unread = hasBody(request) && !request.readableEnded;
  const body = `${JSON.stringify({ code, message, retry: ERROR_CODES[code].retry, retryAfterMs })}\n`;
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / SECOND_MS)) }),
    ...(close || unread ? { connection: 'close' } : {}),
  });
  if (unread) {
    response.write(body); // all of the answer: the end of it lets go of the socket
    await drop(request);
  }
  if (response.closed) return;
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.end(unread ? undefined : body);
  });
}

async function drop(request: IncomingMessage): Promise<void> {
  const patience = new AbortController();
  const ended = new Promise<void>((resolve) => {
    request.once('close', resolve).once('end', resolve);
  });
  request.resume();
  await Promise.race([ended, sleep(LINGER_MAX_MS, undefined, { signal: patience.signal }).catch(() => {})]);
  patience.abort();
}
