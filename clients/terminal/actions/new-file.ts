// A file that is written anew, for its owner alone, and whole or not at all.
import { closeSync, fsyncSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { Ended, EXIT } from '../exit.ts';

const PRIVATE = 0o600;
/** Why it cannot be written, by the system's code. */
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'it exists already, and nothing is overwritten. Choose another name.',
  ENOENT: 'its folder does not exist.',
  ENOTDIR: 'what should be its folder is a file.',
  EACCES: 'you may not write there.',
  EPERM: 'you may not write there.',
  EROFS: 'nothing can be written there.',
  ENOSPC: 'there is no disk space left.',
  EDQUOT: 'there is no disk space left.',
};

/**
 * Writes what comes, and syncs it. Where that fails, or `pieces` throws, the file is gone again. Throws Ended where it cannot be written, and
 * what `pieces` throws. Never writes into a file that is there.
 */
export async function writeNewFile(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const file = explained(path, () => openSync(path, 'wx', PRIVATE));
  try {
    for await (const piece of pieces) explained(path, () => writeFileSync(file, piece));
    explained(path, () => fsyncSync(file));
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new Ended(EXIT.refused, `${path} cannot be written: ${REASONS[code] ?? `${code}.`}`);
  }
}
