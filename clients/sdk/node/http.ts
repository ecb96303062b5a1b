// Node's HTTP, with the same trust in certificates as the WebSocket transport, and connections that are used again: an upload is many requests.
import { Agent, type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { Unavailable } from '#protocol/errors.ts';
import { SECOND_MS } from '#protocol/limits.ts';
import { HTTP_STALL_MS, type Http, type HttpAnswer, type HttpRequest } from '../http.ts';

/** An idle connection ends after this, ahead of what servers close by themselves. */
const IDLE_MS = 4 * SECOND_MS;

/** `caBundle`: PEM of certificate authorities to trust beside none other. `stallMs`: other than HTTP_STALL_MS, for tests. */
export type NodeHttpOptions = { readonly caBundle?: string; readonly stallMs?: number };

export function nodeHttp({ caBundle, stallMs = HTTP_STALL_MS }: NodeHttpOptions = {}): Http {
  const agents = {
    plain: new Agent({ keepAlive: true, timeout: IDLE_MS }),
    tls: new TlsAgent({ keepAlive: true, timeout: IDLE_MS, ...(caBundle === undefined ? {} : { ca: caBundle }) }),
  };

  function start({ method, url, headers, body, signal }: HttpRequest): ClientRequest {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const options = { method, headers: { ...headers, ...length }, signal, timeout: stallMs };
    const request = url.startsWith('https:')
      ? tlsRequest(url, { ...options, agent: agents.tls })
      : plainRequest(url, { ...options, agent: agents.plain });
    request.on('timeout', () => request.destroy(new Error('nothing came for a while')));
    request.end(body);
    return request;
  }

  return {
    request: (asked) =>
      new Promise((resolve, reject) => {
        asked.signal.throwIfAborted();
        const failed = (error: unknown) => reject(asked.signal.aborted ? asked.signal.reason : unavailable(error));
        const request = start(asked);
        request.on('error', failed);
        request.on('response', (response) => resolve(answerOf(response, request, asked.signal)));
      }),
  };
}

function answerOf(response: IncomingMessage, request: ClientRequest, signal: AbortSignal): HttpAnswer {
  return {
    status: response.statusCode ?? 0,
    header(name) {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body: bodyOf(response, request, signal),
  };
}

async function* bodyOf(
  response: IncomingMessage,
  request: ClientRequest,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    // Without an encoding, pieces are Buffers.
    for await (const piece of response) yield piece as Uint8Array;
  } catch (error) {
    throw signal.aborted ? signal.reason : unavailable(error);
  } finally {
    if (!response.complete) request.destroy();
  }
}

function unavailable(error: unknown): Unavailable {
  const why = error instanceof Error ? error.message : String(error);
  return new Unavailable(`The connection for files ended: ${why}.`, { cause: error });
}
