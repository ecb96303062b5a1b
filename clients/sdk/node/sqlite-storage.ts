// A profile's records in one SQLite file: WAL, every commit synced, several processes at once. All statements of a profile are here.
// node:sqlite is synchronous; a transaction runs within one turn of the event loop, because it awaits nothing but itself.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { foreign, missing, unknownVersion } from '../profile/problems.ts';
import { ProfileError } from '../profile/profile.ts';
import type { ProfileStorage, StorageWriter } from '../profile/storage.ts';
import { makeDirectory, mustBeDirectory } from './directory.ts';
import { eraseFiles, Locks, Mark, touch } from './profile-files.ts';
import { explained, isBusy, lacksSharedMemory } from './sqlite-errors.ts';
import { SqliteTransaction } from './sqlite-transaction.ts';
import { soon, turnOf } from './turns.ts';

/** 'prly': tells the file from other programs' SQLite files. */
const APPLICATION_ID = 0x70726c79;
/** The layout below; what the records hold has its own version in the header. */
const LAYOUT_VERSION = 1;
const BUSY_TIMEOUT_MS = 10_000;
const WATCH_INTERVAL_MS = 50;
/** How long what was overwritten may stay in the WAL for others who are reading. */
const SCRUB_MAX_MS = 2_000;
/** Pages of 4 KiB: a batch of 64 messages writes 100 to 300, and a checkpoint writes each page once however often it changed. */
const CHECKPOINT_PAGES = 8_000;
const CACHE_KIB = 16_384;
/** The name of the file in its directory. */
export const FILE = 'profile.db';

export type SqliteStorageOptions = { readonly directory: string; readonly create: boolean };

/** Opens the file in this directory, making both if `create`. ProfileError: missing, foreign, unknown_version, corrupt, no_access, no_space. */
export function sqliteStorage({ directory, create }: SqliteStorageOptions): ProfileStorage {
  const file = join(directory, FILE);
  return explained(directory, () => {
    if (create) prepare(directory, file);
    // Throws where this user may not look into the directory: then nobody knows whether there is one.
    else if (statSync(file, { throwIfNoEntry: false }) === undefined) {
      mustBeDirectory(directory);
      throw missing(`in ${directory}`);
    }
    try {
      return storageOn(opened(file, 'NORMAL'), directory, file);
    } catch (error) {
      if (!lacksSharedMemory(error)) throw error;
      // A disk that is full to the last byte. For one process alone nothing need be shared: it can read, and erase.
      return storageOn(opened(file, 'EXCLUSIVE'), directory, file);
    }
  });
}

function opened(file: string, locking: 'NORMAL' | 'EXCLUSIVE'): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`PRAGMA locking_mode = ${locking}`);
    layOut(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Private from the first byte: SQLite gives its other files the mode of this one. */
function prepare(directory: string, file: string): void {
  makeDirectory(directory);
  touch(file);
}

function layOut(database: DatabaseSync, file: string): void {
  const number = (statement: string) => Number(Object.values(database.prepare(statement).get() ?? {})[0]);
  const isEmpty = () => number('SELECT count(*) FROM sqlite_schema') === 0;
  if (isEmpty()) {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('BEGIN IMMEDIATE');
    if (isEmpty()) {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LAYOUT_VERSION};
        CREATE TABLE records (space INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (space, key)) STRICT, WITHOUT ROWID`);
    }
    database.exec('COMMIT');
  }
  if (number('PRAGMA application_id') !== APPLICATION_ID) throw foreign(file);
  const version = number('PRAGMA user_version');
  if (version !== LAYOUT_VERSION) throw unknownVersion(version, LAYOUT_VERSION);
  database.exec(`PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
}

function storageOn(database: DatabaseSync, directory: string, file: string): ProfileStorage {
  const transaction = new SqliteTransaction(database);
  const locks = new Locks(directory);
  const mark = new Mark(directory);
  const turn = turnOf(file);
  const watchers = new Set<() => void>();
  const version = database.prepare('PRAGMA data_version');
  let poll: NodeJS.Timeout | undefined;
  let seen: unknown;

  /** False while another process writes. */
  function tryBegin(): boolean {
    try {
      database.exec(`PRAGMA busy_timeout = 0; BEGIN IMMEDIATE`);
      return true;
    } catch (error) {
      if (!isBusy(error)) throw error;
      return false;
    } finally {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  /**
   * SQLite alone has each process that waits look now and then whether nobody writes: one that writes without a pause would keep the others
   * out. Here the first that waits holds the turnstile, and who has just written comes behind it. The thread goes on meanwhile. It costs 23 µs
   * a write, beside a commit of some ms.
   */
  async function beginWriting(): Promise<void> {
    const until = performance.now() + BUSY_TIMEOUT_MS;
    const turnstile = await soon(() => locks.tryLock('writer'), until);
    try {
      await soon(tryBegin, until);
    } finally {
      turnstile.release();
    }
  }

  function inTransaction<T>(begin: () => unknown, work: (tx: StorageWriter) => Promise<T>): Promise<T> {
    return turn.run(() =>
      explained(directory, async () => {
        await begin();
        try {
          const result = await work(transaction);
          database.exec('COMMIT');
          return result;
        } catch (error) {
          // SQLite has rolled back by itself after some failures, a full disk among them.
          if (database.isTransaction) database.exec('ROLLBACK');
          throw error;
        }
      }),
    );
  }

  function look(): void {
    const now = version.get()?.data_version;
    if (now === seen) return;
    seen = now;
    for (const changed of [...watchers]) changed();
  }

  async function close(): Promise<void> {
    clearInterval(poll);
    watchers.clear();
    await turn.run(async () => {
      locks.close();
      mark.close();
      if (database.isOpen) database.close();
    });
  }

  return {
    read: (work) => inTransaction(() => database.exec('BEGIN'), work),
    async write(work) {
      const result = await inTransaction(beginWriting, work);
      for (const changed of [...watchers]) changed();
      return result;
    },
    tryLock: async (name) => explained(directory, () => locks.tryLock(name)),
    readMark: () => explained(directory, () => mark.read()),
    writeMark: (number) => explained(directory, () => mark.write(number)),

    // data_version changes with commits of other connections; it is read from shared memory (3 µs).
    watch(changed) {
      const watcher = () => changed();
      if (watchers.size === 0) {
        seen = version.get()?.data_version;
        poll = setInterval(look, WATCH_INTERVAL_MS);
      }
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        if (watchers.size === 0) clearInterval(poll);
      };
    },

    async scrub() {
      const emptied = (): boolean => database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0;
      const until = performance.now() + SCRUB_MAX_MS;
      // What was committed is so all the same; the next checkpoint does it.
      await turn.run(() => soon(emptied, until)).catch(() => {});
    },
    close,
    async erase({ space, key }) {
      try {
        await inTransaction(beginWriting, (tx) => tx.delete(space, key));
        // The deletion is in the WAL only: the old page goes now, before the long work of overwriting.
        await turn.run(async () => explained(directory, () => database.exec('PRAGMA wal_checkpoint(TRUNCATE)')));
      } catch (error) {
        // On a full disk nothing can be written first; overwriting takes no room, and begins now.
        if (error instanceof ProfileError && error.problem === 'busy') throw error;
      }
      await close();
      explained(directory, () => eraseFiles(directory, file));
    },
  };
}
