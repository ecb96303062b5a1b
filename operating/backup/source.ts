// What is restored from: a file, or standard input, which is kept in a file without a name meanwhile. It is read twice: once to verify all
// of it, before anything is written, and once to restore it. What is only verified is kept nowhere.
import { createWriteStream, mkdtempSync, openSync, read, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { StartError } from '#runtime/start-error.ts';
import { readArchive } from './archive.ts';
import type { Counts, Manifest } from './manifest.ts';
import { STANDARD } from './settings.ts';
import { isOfFiles } from './target.ts';

const PIECE_BYTES = 256 * 1024;
const INCOMING = 'What came in';
const readAsync = promisify(read);

export type Source = { readonly name: string; read(): Readable };

/** As `openSource`, to be read a single time. */
export function openOnce(from: string): Source {
  try {
    if (from !== STANDARD) return sourceOf(openSync(from, 'r'), from);
    return { name: INCOMING, read: () => process.stdin };
  } catch (error) {
    throw isOfFiles(error) ? unreadable(error) : error;
  }
}

/** Throws StartError where there is no such file, or no room for what comes in. */
export async function openSource(from: string): Promise<Source> {
  try {
    if (from !== STANDARD) return sourceOf(openSync(from, 'r'), from);
    const folder = mkdtempSync(join(tmpdir(), 'parley-restore-'));
    const file = join(folder, 'backup');
    const handle = openSync(file, 'wx+', 0o600);
    rmSync(folder, { recursive: true });
    await pipeline(process.stdin, createWriteStream('', { fd: handle, autoClose: false }));
    return sourceOf(handle, INCOMING);
  } catch (error) {
    throw isOfFiles(error) ? unreadable(error) : error;
  }
}

function unreadable({ code, message }: NodeJS.ErrnoException): StartError {
  const advice =
    code === 'ENOSPC'
      ? `${tmpdir()} has no room for what comes in: give the file by its name`
      : 'Give a file that npm run backup wrote';
  return new StartError(`The backup cannot be read (${message}). ${advice}.`);
}

function sourceOf(handle: number, name: string): Source {
  return { name, read: () => Readable.from(piecesOf(handle), { objectMode: false }) };
}

/** From the beginning, as often as it is asked for: a ReadStream would close the file behind itself. */
async function* piecesOf(handle: number): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const { bytesRead } = await readAsync(handle, piece, 0, PIECE_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** Reads all of it. Throws StartError where it is no backup, or not whole. */
export async function verify({ name, read }: Source): Promise<{ manifest: Manifest; counts: Counts }> {
  let manifest: Manifest | undefined;
  for await (const part of readArchive(read(), name)) {
    if ('manifest' in part) manifest = part.manifest;
    else if ('counts' in part && manifest) return { manifest, counts: part.counts };
  }
  throw new StartError(`${name} says nothing of itself. Use another backup.`);
}
