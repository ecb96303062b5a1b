// Images of this machine's files as bare pixels, by a decoder that is locked up: a thread of its own, so much memory, so much time. For files of
// one's own, and for what somebody has saved and wants to see; nothing that merely came is ever decoded.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Turns } from '../chat/turns.ts';
import { DECODE_HEAP_MAX_MIB, DECODE_MAX_MS } from './image-limits.ts';
import type { Pixels, Size } from './pixels.ts';

/** What the thread is to do: an absolute path, and the room in pixels, two numbers above 0, that the image is made to fit. */
export type DecodeOrder = { readonly path: string; readonly within: Size };
/** The size is the whole image's, as it is looked at; `pixels` fit. */
export type Decoded = Size & { readonly pixels: Pixels };
/** `reason`: goes on after the file's name and a colon, without a full stop. */
export type DecodeAnswer = { readonly image: Decoded } | { readonly reason: string };

/** One at a time: each may need hundreds of MB. */
const turns = new Turns();

/** PNG, JPEG, WebP, or the first frame of a GIF. Never throws for what is in the file, but the signal's reason. */
export function decodeImage(order: DecodeOrder, signal?: AbortSignal): Promise<DecodeAnswer> {
  return turns.take(() => decodeNow(order, signal));
}

async function decodeNow(order: DecodeOrder, stop?: AbortSignal): Promise<DecodeAnswer> {
  stop?.throwIfAborted();
  const worker = new Worker(new URL('./decode.worker.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: DECODE_HEAP_MAX_MIB },
    // Nothing of a library's words may reach the screen.
    stdout: true,
    stderr: true,
  });
  const time = AbortSignal.timeout(DECODE_MAX_MS);
  const signal = stop === undefined ? time : AbortSignal.any([time, stop]);
  try {
    // What is posted is what `answer` in decode.worker.ts returns.
    const [answer] = (await once(worker, 'message', { signal })) as [DecodeAnswer];
    return answer;
  } catch {
    stop?.throwIfAborted();
    if (time.aborted) return { reason: `decoding it took longer than ${DECODE_MAX_MS / 1_000} s` };
    return { reason: 'it cannot be decoded here' };
  } finally {
    await worker.terminate();
  }
}
