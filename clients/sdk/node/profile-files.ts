// What lies beside the records: lock files, the mark of the printer, and the end of all of them.
import { randomFillSync } from 'node:crypto';
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { numberOf, u64Key } from '../profile/spaces.ts';
import type { Lock, LockName } from '../profile/storage.ts';
import { tryExclusive } from './exclusive.ts';

const MARK_FILE = 'printed';
const MARK_BYTES = 8;
const OVERWRITE_BYTES = 1_048_576;
/** `writer`: the turnstile of those who write (sqlite-storage.ts). */
const LOCKS = ['printer', 'receiver', 'writer'] as const satisfies readonly (LockName | 'writer')[];
type FileLock = (typeof LOCKS)[number];
const lockFile = (name: FileLock) => `${name}.lock`;

/** The locks of a profile (exclusive.ts), each on an empty file of its own that stays. */
export class Locks {
  readonly #directory: string;
  readonly #files = new Map<FileLock, DatabaseSync>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  tryLock(name: FileLock): Lock | undefined {
    const file = this.#files.get(name) ?? this.#open(name);
    if (file.isTransaction) return undefined;
    if (!tryExclusive(file)) return undefined;
    let held = true;
    return {
      release() {
        if (held && file.isOpen) file.exec('ROLLBACK');
        held = false;
      },
    };
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  #open(name: FileLock): DatabaseSync {
    const path = join(this.#directory, lockFile(name));
    touch(path);
    const file = new DatabaseSync(path, { timeout: 0 });
    this.#files.set(name, file);
    return file;
  }
}

/** The number of the last printed event: 8 bytes, overwritten in place by one system call, which a killed process has made or not made. */
export class Mark {
  readonly #path: string;
  #file: number | undefined;

  constructor(directory: string) {
    this.#path = join(directory, MARK_FILE);
  }

  read(): number {
    const bytes = new Uint8Array(MARK_BYTES);
    if (readSync(this.#open(), bytes, 0, MARK_BYTES, 0) === MARK_BYTES) return numberOf(bytes);
    // Its room is taken before anything is printed: on a full disk it could not be marked afterwards, and would be printed over and over.
    this.write(0);
    return 0;
  }

  write(mark: number): void {
    writeSync(this.#open(), u64Key(mark), 0, MARK_BYTES, 0);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    // Appending would ignore the place; so it is made first, then opened for overwriting.
    if (this.#file === undefined) {
      touch(this.#path);
      this.#file = openSync(this.#path, 'r+');
    }
    return this.#file;
  }
}

/**
 * Makes a private file where there is none. One that is there is not even opened: closing it would free the locks that this process has on it
 * (POSIX: with any descriptor of a file go all of a process's locks).
 */
export function touch(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}

/** Overwrites the records with random bytes, synced, and removes all files. Not the directory: others may keep things there. */
export function eraseFiles(directory: string, records: string): void {
  for (const path of [records, `${records}-wal`]) {
    try {
      overwrite(path);
    } catch {
      // A file system that has no room for it writes it elsewhere: then nothing can be overwritten, and it is removed all the same.
    }
  }
  const others = [MARK_FILE, ...LOCKS.map(lockFile)].map((name) => join(directory, name));
  for (const path of [records, `${records}-wal`, `${records}-shm`, ...others]) rmSync(path, { force: true });
}

function overwrite(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r+');
  try {
    const size = fstatSync(file).size;
    for (let at = 0; at < size; at += OVERWRITE_BYTES) {
      writeSync(file, randomFillSync(new Uint8Array(Math.min(OVERWRITE_BYTES, size - at))), 0, null, at);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
