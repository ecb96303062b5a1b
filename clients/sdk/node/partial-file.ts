// A file that is being received: hidden in the folder where it will stand, for its owner alone, and of one process at a time. Who is cut finds it again by
// the name of its blob. Others may write in that folder, too, or have put links there: what is not certainly our own is left alone.
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileLock } from './exclusive.ts';

/** Nobody goes on with an older one: it is removed when something else is saved in its folder. Counted from its last byte. */
export const PARTIAL_MAX_AGE_DAYS = 7;
const DAY_MS = 86_400_000;
const PRIVATE = 0o600;
const HASH_CHARS = 32;
const RANDOM_BYTES = 8;
const PARTIAL = /^\.parley-[0-9a-f]{32}(?:-[0-9a-f]{16})?\.part$/;
const LOCK_SUFFIX = '.lock';
const { O_RDWR, O_CREAT, O_EXCL, O_NONBLOCK } = constants;
/** Windows has no such flag; there nobody makes links without being allowed to. */
const NO_FOLLOW: number = constants.O_NOFOLLOW ?? 0;

export class PartialFile {
  readonly path: string;
  readonly file: FileHandle;
  readonly #lock: FileLock | undefined;
  /** Whether the next attempt finds it again. */
  readonly #isFound: boolean;

  private constructor(path: string, file: FileHandle, lock: FileLock | undefined, isFound: boolean) {
    this.path = path;
    this.file = file;
    this.#lock = lock;
    this.#isFound = isFound;
  }

  /**
   * The one of this blob in this folder, with what an earlier attempt left; one of its own, empty and not found again, where another process has that
   * one or it is not ours. `folder`: absolute, without links. Throws as the file system does.
   */
  static async claim(folder: string, blob: Uint8Array): Promise<PartialFile> {
    await removeOld(folder);
    const stem = join(folder, `.parley-${createHash('sha256').update(blob).digest('hex').slice(0, HASH_CHARS)}`);
    const path = `${stem}.part`;
    const lock = FileLock.take(path + LOCK_SUFFIX);
    if (lock !== undefined) {
      const file = await openOwn(path);
      if (file !== undefined) return new PartialFile(path, file, lock, true);
      lock.release();
    }
    const other = `${stem}-${randomBytes(RANDOM_BYTES).toString('hex')}.part`;
    const file = await open(other, O_RDWR | O_CREAT | O_EXCL, PRIVATE);
    return new PartialFile(other, file, FileLock.take(other + LOCK_SUFFIX), false);
  }

  /** Lets go of it. Where it has got no name it stays only if it has something in it and is found again. */
  async release(): Promise<void> {
    const { size } = await this.file.stat();
    await this.file.close();
    if (size === 0 || !this.#isFound) await rm(this.path, { force: true });
    this.#lock?.release();
  }
}

/** Undefined where it is a link, a device, another's, or known by a second name, through which somebody could read or change it. */
async function openOwn(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, O_RDWR | O_CREAT | NO_FOLLOW | O_NONBLOCK, PRIVATE);
    const found = await file.stat();
    if (found.isFile() && found.nlink === 1 && isOwn(found)) return file;
  } catch {
    // The one of its own will say what is wrong with the folder.
  }
  await file?.close();
  return undefined;
}

/** Takes away what nobody goes on with. What cannot be taken away harms nobody. */
async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const partial = name.endsWith(LOCK_SUFFIX) ? name.slice(0, -LOCK_SUFFIX.length) : name;
    if (PARTIAL.test(partial)) await removeIfOld(join(folder, partial)).catch(() => {});
  }
}

async function removeIfOld(path: string): Promise<void> {
  const found = await lstat(path).catch(() => lstat(path + LOCK_SUFFIX));
  if (!found.isFile() || !isOwn(found) || Date.now() - found.mtimeMs < PARTIAL_MAX_AGE_DAYS * DAY_MS) return;
  const lock = FileLock.take(path + LOCK_SUFFIX);
  if (lock === undefined) return;
  await rm(path, { force: true }).finally(() => lock.release());
}

function isOwn({ uid }: { readonly uid: number }): boolean {
  return process.getuid === undefined || uid === process.getuid();
}
