// A name for a file that is whole, which no other file has: given in one step, and never by writing over one. A link to elsewhere that somebody planted
// under a name counts as a file of that name.
import { link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { numberedName } from '../files/file-name.ts';
import { codeOf } from './file-errors.ts';

const PRIVATE = 0o600;
/** Files of one name in one folder. */
const NUMBERS_MAX = 10_000;
/** File systems without a second name for a file (FAT, some network drives). */
const NO_LINKS: readonly (string | undefined)[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'];
/** What a file system says to a name that it cannot have. */
const BAD_NAME: readonly (string | undefined)[] = ['ENAMETOOLONG', 'EILSEQ'];

/**
 * Moves `file` to the first free name in `folder`: `names[0]`, or with a number, or the next of `names` where the file system cannot have it. Resolves with its path;
 * throws as the file system does. Safe names (../file-name.ts).
 */
export async function moveToUnique(
  file: string,
  folder: string,
  names: readonly [string, ...string[]],
): Promise<string> {
  const [name, ...others] = names;
  for (let number = 1; ; number++) {
    const path = join(folder, number === 1 ? name : numberedName(name, number));
    try {
      await moveToNew(file, path);
      return path;
    } catch (error) {
      const [next, ...rest] = others;
      if (BAD_NAME.includes(codeOf(error)) && next !== undefined) return moveToUnique(file, folder, [next, ...rest]);
      if (codeOf(error) !== 'EEXIST' || number === NUMBERS_MAX) throw error;
    }
  }
}

/** Throws with EEXIST where the name is taken. */
async function moveToNew(file: string, path: string): Promise<void> {
  try {
    await link(file, path);
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error))) throw error;
    // The name is taken first; who is killed between the two leaves an empty file, which is better than to replace somebody's.
    await (await open(path, 'wx', PRIVATE)).close();
    return await rename(file, path);
  }
  await unlink(file);
}
