// Standard input as messages: a line each, handed on as they come, so that a million of them never stand in memory.
import { TEXT_MAX_BYTES } from '#protocol/limits.ts';
import { Refusal } from '../sdk/index.ts';

/** Lines that are queued together, in one transaction of the profile. */
const BATCH_LINES = 64;
const BATCH_BYTES = 262_144;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Lines that came together. `through`: the number, from 1, of the last line that was read for it. */
export type Batch = { readonly texts: readonly string[]; readonly through: number };

/** A line that cannot be sent, by its number from 1: nothing was read after it. */
export class BadLine extends Refusal {
  readonly line: number;

  constructor(line: number, bytes: number) {
    const { reason, message } = refusalOf(`Line ${line}`, bytes);
    super(reason, message);
    this.line = line;
  }
}

/**
 * The lines of a stream without their line ends (LF or CRLF), in batches; empty lines, which cannot be sent, are left out. A last line needs no line end.
 * Throws BadLine, after the batch of what came before, for a line that is longer than a message may be or is no UTF-8.
 */
export async function* lineBatches(source: AsyncIterable<Uint8Array>): AsyncGenerator<Batch> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let line = 0;
  let texts: string[] = [];
  let bytes = 0;

  function takeBatch(): Batch {
    const batch = { texts, through: line };
    texts = [];
    bytes = 0;
    return batch;
  }
  /** The problem with the line that ends here, if there is one; else it is in `texts`. */
  function end(part: Uint8Array): Refusal | undefined {
    line++;
    const joined = rest.length === 0 ? part : Buffer.concat([...rest, part]);
    const whole = joined.at(-1) === RETURN ? joined.subarray(0, -1) : joined;
    rest = [];
    restBytes = 0;
    if (whole.length === 0) return undefined;
    const text = whole.length <= TEXT_MAX_BYTES ? decoded(whole) : undefined;
    if (text === undefined) return new BadLine(line, whole.length);
    texts.push(text);
    bytes += whole.length;
    return undefined;
  }

  for await (const chunk of source) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const refusal = end(chunk.subarray(from, at));
      from = at + 1;
      if ((refusal !== undefined && texts.length > 0) || texts.length >= BATCH_LINES || bytes >= BATCH_BYTES)
        yield takeBatch();
      if (refusal !== undefined) throw refusal;
    }
    if (texts.length > 0) yield takeBatch();
    // Copied: the stream may use its chunk again.
    rest.push(chunk.slice(from));
    restBytes += chunk.length - from;
    if (restBytes > TEXT_MAX_BYTES) throw new BadLine(line + 1, restBytes);
  }
  if (restBytes > 0) {
    const refusal = end(new Uint8Array(0));
    if (refusal !== undefined) throw refusal;
    yield takeBatch();
  }
}

/**
 * All of a stream as one text, without the line end of its last line, which an editor or `echo` puts there. Throws Refusal where it is longer
 * than a message may be, or no UTF-8; it reads no further than that.
 */
export async function wholeText(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    chunks.push(chunk.slice());
    bytes += chunk.length;
    if (bytes > TEXT_MAX_BYTES + 1) throw refusalOf('The text', bytes);
  }
  const all = Buffer.concat(chunks);
  const whole = all.at(-1) === NEWLINE ? all.subarray(0, -1) : all;
  const text = whole.length <= TEXT_MAX_BYTES ? decoded(whole) : undefined;
  if (text === undefined) throw refusalOf('The text', whole.length);
  return text;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refusalOf(what: string, bytes: number): Refusal {
  if (bytes <= TEXT_MAX_BYTES) return new Refusal('bad_text', `${what} is not UTF-8.`);
  return new Refusal(
    'text_too_long',
    `${what} has more than ${TEXT_MAX_BYTES} bytes, which a message may have. Send it in parts.`,
  );
}
