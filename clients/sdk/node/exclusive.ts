// Locks between processes by an exclusive SQLite transaction on an empty file: the system frees it when the process dies, however it dies. (Node
// itself has no file locks.)
import { closeSync, lstatSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isBusy } from './sqlite-errors.ts';

const PRIVATE = 0o600;

/** Whether this connection has its file alone now, until it rolls back. Throws what is no lock of another's. */
export function tryExclusive(file: DatabaseSync): boolean {
  try {
    // Nothing is ever written: no journal file either.
    file.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

/** A lock file that is made when the lock is taken, and is gone afterwards. */
export class FileLock {
  readonly #path: string;
  readonly #file: DatabaseSync;

  private constructor(path: string, file: DatabaseSync) {
    this.#path = path;
    this.#file = file;
  }

  /** Undefined where somebody has it, where the file is none that this process may have made, and where its file system has no locks. */
  static take(path: string): FileLock | undefined {
    let file: DatabaseSync | undefined;
    try {
      const before = ownEmptyFile(path);
      if (before === undefined) return undefined;
      file = new DatabaseSync(path, { timeout: 0 });
      if (tryExclusive(file)) {
        const lock = new FileLock(path, file);
        // Whoever had it may have removed it just now: then this is the lock of a file that nobody else finds.
        if (ownEmptyFile(path) === before) return lock;
      }
    } catch {
      // As above: no lock to be had.
    }
    file?.close();
    return undefined;
  }

  release(): void {
    // Removed while it is held, so that nobody else's is; Windows removes only what nobody has open.
    if (process.platform !== 'win32') rmSync(this.#path, { force: true });
    this.#file.close();
    if (process.platform === 'win32') rmSync(this.#path, { force: true });
  }
}

/** The number of the file, made where there was none. Undefined: it is a link, another's, or has something in it. */
function ownEmptyFile(path: string): number | undefined {
  try {
    // Follows no link, and opens nothing that is there: closing it would free the locks that this process has on it (POSIX).
    closeSync(openSync(path, 'wx', PRIVATE));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const found = lstatSync(path);
  const own = process.getuid === undefined || found.uid === process.getuid();
  return own && found.isFile() && found.size === 0 ? found.ino : undefined;
}
