// What a client's WebSocket message is: a frame of the protocol, a request that can only be refused, or nothing that may be answered.
import type { RawData } from 'ws';
import { RequestError } from '#protocol/errors.ts';
import { type ClientFrame, clientFrame } from '#protocol/frames/client.ts';

/** Names of unknown fields are quoted in the refusal; a client chose them. */
const PROBLEM_MAX_CHARS = 300;

export type Read =
  | { readonly frame: ClientFrame }
  /** It has the `id` of a request, so the client learns what was wrong with it. */
  | { readonly id: number; readonly refusal: RequestError };

/** Parses one message. Undefined: binary, not JSON, or without an id that an answer could name (close code `protocolError`). */
export function readFrame(data: RawData, isBinary: boolean): Read | undefined {
  const value = isBinary ? undefined : parseJson(data.toString());
  const parsed = clientFrame.safeParse(value);
  if (parsed.success) return { frame: parsed.data };
  const id = requestId(value);
  if (id === undefined) return undefined;
  const [issue] = parsed.error.issues;
  const at = issue?.path.length ? `${issue.path.join('.')}: ` : '';
  const problem = `${at}${issue?.message}`.slice(0, PROBLEM_MAX_CHARS);
  return { id, refusal: new RequestError('bad_request', `Not a frame of the protocol. ${problem}`) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The `id` of something that is no frame, if it has one that an answer could name. */
function requestId(value: unknown): number | undefined {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
