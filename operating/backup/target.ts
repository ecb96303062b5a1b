// Where a backup is written: to standard output, or to a file that has its name only once it is whole and on disk.
import { closeSync, createWriteStream, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StartError } from '#runtime/start-error.ts';
import { STANDARD } from './settings.ts';

const UNFINISHED = '.part';

/** Throws StartError where it cannot be written. */
export async function writeTarget(bytes: Readable, to: string): Promise<void> {
  try {
    if (to === STANDARD) await pipeline(bytes, process.stdout, { end: false });
    else await writeFile(bytes, to);
  } catch (error) {
    if (!isOfFiles(error)) throw error;
    const what = to === STANDARD ? 'standard output' : to;
    throw new StartError(
      `The backup cannot be written to ${what} (${error.message}). Make room, or give another place with --to.`,
    );
  }
}

async function writeFile(bytes: Readable, to: string): Promise<void> {
  const unfinished = `${to}${UNFINISHED}`;
  const remove = (): void => rmSync(unfinished, { force: true });
  remove(); // of one that was killed
  process.once('exit', remove);
  await pipeline(bytes, createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true }));
  renameSync(unfinished, to);
  syncFolder(dirname(to));
  process.off('exit', remove);
}

/** A new name is on disk once its folder is. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

/** What the operating system says of a file, a disk or a pipe. */
export function isOfFiles(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
