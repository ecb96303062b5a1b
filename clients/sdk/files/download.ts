// Fetches a file: each chunk is opened as it comes, the root checked before the file gets its name. After a cut it goes on behind the last chunk that is
// there, also in another process. What does not prove to be the file is not kept.
import { encodeBase64 } from '#protocol/base64.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { FILE_CHUNK_BYTES } from '#protocol/limits.ts';
import { SEALED_CHUNK_BYTES, sealedBytes } from '#protocol/sealed-file.ts';
import type { FileInfo } from '../content/file.ts';
import type { Random, Timers } from '../platform.ts';
import { Refusal } from '../refusal.ts';
import { BlobDoor, type BlobDoorDeps, WrongSize } from './blob-door.ts';
import type { FileProgress, FileTarget } from './file-source.ts';
import { FileDamaged, OpenedChunks } from './opened-chunks.ts';
import { Patience } from './patience.ts';

export type DownloadDeps = BlobDoorDeps & { readonly timers: Timers; readonly random: Random };

export type DownloadOptions = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FileProgress) => void;
};

/**
 * Resolves with what `target.keep()` did. Throws Refusal `file_gone`, `file_damaged` (the target is empty then), `closed`, RequestError, Unavailable (only after
 * many tries in vain), the signal's reason, or what the target throws; after those the next attempt goes on with what is there.
 */
export async function download(
  deps: DownloadDeps,
  file: FileInfo,
  target: FileTarget,
  options: DownloadOptions,
): Promise<string> {
  for (;;) {
    const wasThere = (await target.size()) > 0;
    try {
      await fetchAll(deps, file, target, options);
      return await target.keep();
    } catch (error) {
      const why = reasonOf(error);
      if (why === undefined) throw error;
      await target.cut(0);
      // It may be what was there before that is not of this file.
      if (why === 'file_gone' || !wasThere) throw new Refusal(why, SENTENCES[why](file.name));
    }
  }
}

const SENTENCES = {
  file_gone: (name: string) => `${name} is not on the server any more. Ask for it to be sent again.`,
  file_damaged: (name: string) => `${name} is not what its sender sent: the server has other bytes. Nothing was kept.`,
} as const;

function reasonOf(error: unknown): keyof typeof SENTENCES | undefined {
  if (error instanceof FileDamaged || error instanceof WrongSize) return 'file_damaged';
  if (error instanceof RequestError && error.code === 'no_such_file') return 'file_gone';
  return undefined;
}

/** Brings the whole file to the target and proves it. Throws FileDamaged, WrongSize. */
async function fetchAll(
  deps: DownloadDeps,
  file: FileInfo,
  target: FileTarget,
  { signal, onProgress }: DownloadOptions,
): Promise<void> {
  const asked = { blob: encodeBase64(file.blob) };
  const door = new BlobDoor(deps, (session) => session.get(asked), sealedBytes(file.size), signal);
  const patience = new Patience(deps, signal);
  const chunks = new OpenedChunks(file, target);
  const told = () => onProgress({ done: Math.min(file.size, chunks.written * FILE_CHUNK_BYTES), total: file.size });
  await chunks.takeUp(signal);
  told();
  while (!chunks.isWhole) {
    const before = chunks.written;
    try {
      const stream = await door.bytes(before * SEALED_CHUNK_BYTES);
      await takeAll(stream, chunks, told);
    } catch (error) {
      if (chunks.written > before) patience.gained();
      await patience.failed(error);
    }
  }
  if (!equalBytes(chunks.root, file.root)) throw new FileDamaged('All chunks together are not this file.');
}

/** Until there is all, or the stream ends: Unavailable. What was opened until then is written in any case. */
async function takeAll(stream: AsyncIterable<Uint8Array>, chunks: OpenedChunks, told: () => void): Promise<void> {
  let written = chunks.written;
  try {
    for await (const bytes of stream) {
      const more = await chunks.take(bytes);
      if (chunks.written > written) {
        written = chunks.written;
        told();
      }
      if (!more) return;
    }
  } catch (error) {
    if (error instanceof Unavailable) await chunks.flush();
    throw error;
  }
  await chunks.flush();
  throw new Unavailable('The server sent less than the whole file.');
}
