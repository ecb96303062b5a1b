// One blob of the server's, as this device may reach it: a ticket by the session, then requests over HTTP (PROTOCOL.md, Files). What a server answers is
// checked here, so that up- and download see offsets, bytes and errors.
import { concat } from '#protocol/bytes.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { type Answer, blobRefusal } from '#protocol/frames/server.ts';
import { KIB, SECOND_MS, TICKET_MAX_AGE_MS } from '#protocol/limits.ts';
import { BLOB_PATH, OFFSET_HEADER, partBytes, TICKET_SCHEME } from '#protocol/sealed-file.ts';
import type { Fields } from '../connection.ts';
import type { Http, HttpAnswer, HttpRequest } from '../http.ts';
import type { Clock } from '../platform.ts';
import { untilAborted } from '../until-aborted.ts';

/** A ticket is used this long: what begins with it must reach the server before it expires. */
const TICKET_USED_MS = TICKET_MAX_AGE_MS - 60 * SECOND_MS;
const REFUSAL_MAX_BYTES = 8 * KIB;

/** What up- and downloads ask of a session: a ticket, for a blob at the host of `url`. */
export type BlobSession = {
  readonly url: string;
  put(asked: Fields<'blob.put'>): Promise<Answer<'blob.put'>>;
  get(asked: Fields<'blob.get'>): Promise<Answer<'blob.get'>>;
};
export type BlobDoorDeps = { readonly http: Http; readonly clock: Clock; session(): Promise<BlobSession> };
/** Asks for the ticket. */
export type AskTicket = (session: BlobSession) => Promise<Answer<'blob.put' | 'blob.get'>>;

type Ticket = { readonly url: string; readonly authorization: string; readonly since: number };

export class BlobDoor {
  readonly #deps: BlobDoorDeps;
  readonly #ask: AskTicket;
  readonly #size: number;
  readonly #signal: AbortSignal;
  #ticket: Ticket | undefined;

  /** `size`: bytes of the whole blob. Every method waits for a session, and throws Unavailable, RequestError, Refusal `closed`, or the signal's reason. */
  constructor(deps: BlobDoorDeps, ask: AskTicket, size: number, signal: AbortSignal) {
    this.#deps = deps;
    this.#ask = ask;
    this.#size = size;
    this.#signal = signal;
  }

  /** Bytes of the upload that are stored. */
  async stored(): Promise<number> {
    const answer = await this.#request({ method: 'HEAD', headers: {} });
    return this.#offsetOf(await ended(answer));
  }

  /** Sends the part that begins at `offset`. Resolves with the bytes that are stored then, whether they are behind it or elsewhere. */
  async store(offset: number, part: Uint8Array): Promise<number> {
    const headers = { [OFFSET_HEADER]: String(offset), 'content-type': 'application/octet-stream' };
    const answer = await this.#request({ method: 'PATCH', headers, body: part });
    return this.#offsetOf(await ended(answer));
  }

  /** The blob's bytes from `from` on, which may end too early or never: whoever takes them counts. Throws WrongSize where the server has another blob of that name. */
  async bytes(from: number): Promise<AsyncIterable<Uint8Array>> {
    const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
    const answer = await this.#request({ method: 'GET', headers });
    const said = answer.status === 206 ? rangeOf(answer) : wholeOf(answer);
    if (said.from !== from)
      return this.#break(answer, new Unavailable('The server sends other bytes than were asked for.'));
    if (said.size !== undefined && said.size !== this.#size) return this.#break(answer, new WrongSize());
    return answer.body;
  }

  /** With a new ticket, once, where the one at hand is refused. */
  async #request(request: Pick<HttpRequest, 'method' | 'headers' | 'body'>): Promise<HttpAnswer> {
    const isFresh = this.#ticket === undefined;
    try {
      return await this.#requestOnce(request);
    } catch (error) {
      this.#ticket = undefined;
      if (isFresh || !(error instanceof RequestError && error.code === 'bad_ticket')) throw error;
      return this.#requestOnce(request);
    }
  }

  async #requestOnce(request: Pick<HttpRequest, 'method' | 'headers' | 'body'>): Promise<HttpAnswer> {
    const { url, authorization } = await this.#ticketOfNow();
    const signal = this.#signal;
    const answer = await this.#deps.http.request({
      ...request,
      url,
      signal,
      headers: { ...request.headers, authorization },
    });
    const isGood = request.method === 'GET' ? [200, 206].includes(answer.status) : [204, 409].includes(answer.status);
    if (isGood) return answer;
    throw await refusalOf(answer, request.method === 'HEAD');
  }

  async #ticketOfNow(): Promise<Ticket> {
    const { clock, session } = this.#deps;
    if (this.#ticket !== undefined && clock.monotonic() - this.#ticket.since < TICKET_USED_MS) return this.#ticket;
    const current = await untilAborted(session(), this.#signal);
    const since = clock.monotonic();
    const { ticket, port } = await untilAborted(this.#ask(current), this.#signal);
    this.#ticket = { url: blobUrl(current.url, port), authorization: `${TICKET_SCHEME} ${ticket}`, since };
    return this.#ticket;
  }

  #offsetOf(answer: HttpAnswer): number {
    const text = answer.header(OFFSET_HEADER) ?? '';
    const offset = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (offset !== this.#size && partBytes(this.#size, offset) === undefined)
      throw new Unavailable('The server says that an upload stands where none can.');
    return offset;
  }

  async #break(answer: HttpAnswer, error: Error): Promise<never> {
    await leave(answer);
    this.#ticket = undefined;
    throw error;
  }
}

/** The blob has another length than the file that it is said to be. */
export class WrongSize extends Error {
  override readonly name = 'WrongSize';
}

/** The same host and security as the session's; `port`: in place of its own. */
export function blobUrl(server: string, port?: number): string {
  const url = new URL(BLOB_PATH, server);
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  if (port !== undefined) url.port = String(port);
  return url.href;
}

function wholeOf(answer: HttpAnswer): { readonly from: number; readonly size: number | undefined } {
  const length = answer.header('content-length');
  return { from: 0, size: length === undefined ? undefined : Number(length) };
}

function rangeOf(answer: HttpAnswer): { readonly from: number; readonly size: number } {
  const [, from, size] = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(answer.header('content-range') ?? '') ?? [];
  return { from: from === undefined ? -1 : Number(from), size: Number(size) };
}

/** The same, with its body read: there is none. */
async function ended(answer: HttpAnswer): Promise<HttpAnswer> {
  if (answer.status === 204) await leave(answer);
  else await text(answer);
  return answer;
}

async function leave({ body }: HttpAnswer): Promise<void> {
  for await (const _ of body) return;
}

async function text({ body }: HttpAnswer): Promise<string> {
  let bytes: Uint8Array = new Uint8Array(0);
  for await (const piece of body) {
    bytes = concat(bytes, piece);
    if (bytes.length > REFUSAL_MAX_BYTES) return '';
  }
  return new TextDecoder().decode(bytes);
}

/** What an answer that is none of those asked for says. `bare`: it has no body, to a HEAD. */
async function refusalOf(answer: HttpAnswer, bare: boolean): Promise<Error> {
  const said = await text(answer);
  try {
    const { code, message, retryAfterMs } = blobRefusal.parse(JSON.parse(said));
    return new RequestError(code, message, retryAfterMs);
  } catch {
    const code = bare ? CODES[answer.status] : undefined;
    if (code !== undefined) return new RequestError(code);
    return new Unavailable(`The server answers with HTTP status ${answer.status} where a file was expected.`);
  }
}

const CODES: Readonly<
  Record<number, 'bad_ticket' | 'no_such_file' | 'files_over_quota' | 'rate_limited' | 'no_space'>
> = {
  401: 'bad_ticket',
  404: 'no_such_file',
  413: 'files_over_quota',
  429: 'rate_limited',
  507: 'no_space',
};
