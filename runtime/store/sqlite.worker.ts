// The thread that owns the embedded database, so that a disk sync never stops the event loop that serves sockets.
// One message = one batch = one transaction (group commit).
import { chmodSync, closeSync, existsSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Row, SqlValue } from './database.ts';

/** A unit is one `write` (all or none) or one `read`. SQL texts cross once and are numbered from then on. */
export type WireUnit = readonly [
  read: boolean,
  statements: readonly (readonly [sql: number, params: readonly SqlValue[], expect: number])[],
];
export type WireBatch = { readonly texts: readonly string[]; readonly units: readonly WireUnit[] };
/** `broken`: a fault of the program. The rest is the world's: `locked` by another process, `damaged` file, `io`: the disk fails. */
export type WireFailure = {
  readonly kind: 'conflict' | 'full' | 'io' | 'locked' | 'damaged' | 'denied' | 'broken';
  readonly message: string;
};
export type WireResult = readonly number[] | readonly Row[] | { readonly failure: WireFailure };
export type WireReply = { readonly results: readonly WireResult[] } | { readonly failure: WireFailure };
/** Beside the batches: a copy of the whole database in a new file, as of one moment, made while batches go on. */
export type WireCopy = { readonly copyTo: string };
export type WireCopied = { readonly copied: string; readonly failure?: WireFailure };
export type WorkerSettings = { readonly file: string; readonly schema: readonly string[] };

const NO_EXPECTATION = -1;
/** SQLite's result codes, https://sqlite.org/rescode.html: the lower byte of what node:sqlite gives as `errcode`. */
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;
/** SQLite says `full` where a write finds no room, and a mere I/O error where a sync or a growing file does. With less than this free, it was that. */
const FULL_BELOW_BYTES = 256 * 1024;
/** Rows are written and deleted again within milliseconds: rare checkpoints find most pages already reused. 4 KiB pages. */
const CHECKPOINT_PAGES = 4_000;
/** A copy's steps, between which batches have their turn: 1 MiB. */
const COPY_STEP_PAGES = 256;

class ExpectationFailed extends Error {}

const port = parentPort;
if (!port) throw new Error('sqlite.worker.ts runs as a worker thread only.');
const settings = workerData as WorkerSettings; // given by sqlite.ts, the only one that starts this file

let database: DatabaseSync;
const texts: string[] = [];
const statements: StatementSync[] = [];

try {
  database = open();
  port.postMessage({ results: [] } satisfies WireReply);
  port.on('message', (message: WireBatch | WireCopy | 'close') => {
    if (message === 'close') {
      database.close();
      port.close();
    } else if ('copyTo' in message) {
      void copy(message.copyTo).then((copied) => port.postMessage(copied));
    } else {
      port.postMessage(perform(message));
    }
  });
} catch (error) {
  port.postMessage({ failure: explain(error) } satisfies WireReply);
}

function open(): DatabaseSync {
  if (settings.file !== ':memory:') makePrivate(settings.file);
  const opened = new DatabaseSync(settings.file, { timeout: 0 });
  // Exclusive: the operating system's lock on the file is the lock on the data directory, and dies with the process.
  opened.exec(`PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;`);
  opened.exec('BEGIN IMMEDIATE');
  for (const sql of settings.schema) opened.exec(sql);
  opened.exec('COMMIT');
  return opened;
}

/** Private from the first byte: SQLite gives its other files the mode of this one. Those that are there already may be older than that. */
function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  for (const name of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(name)) chmodSync(name, 0o600);
}

/** What commits while the copy is under way is in it, too (SQLite's online backup, over the same connection). */
async function copy(file: string): Promise<WireCopied> {
  try {
    makePrivate(file);
    await backup(database, file, { rate: COPY_STEP_PAGES });
    return { copied: file };
  } catch (error) {
    return { copied: file, failure: explain(error) };
  }
}

function perform(batch: WireBatch): WireReply {
  texts.push(...batch.texts); // whatever becomes of the batch: its numbers are given
  try {
    const readOnly = batch.units.every(([read]) => read);
    if (!readOnly) database.exec('BEGIN IMMEDIATE');
    const results = batch.units.map(performUnit);
    if (!readOnly) database.exec('COMMIT');
    return { results };
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    return { failure: explain(error) };
  }
}

/** A conflict undoes its own unit; anything else (a full disk) ends the whole batch. */
function performUnit([read, list]: WireUnit): WireResult {
  if (read) {
    const [sql, params] = list[0] as WireUnit[1][number]; // a read is one statement
    return prepared(sql).all(...params) as Row[]; // SQLite's values are SqlValues by definition
  }
  const guarded = list.length > 1 || list.some(([, , expect]) => expect !== NO_EXPECTATION);
  if (guarded) database.exec('SAVEPOINT unit');
  try {
    const changes = list.map(([sql, params, expect]) => {
      const changed = Number(prepared(sql).run(...params).changes);
      if (expect !== NO_EXPECTATION && changed !== expect) {
        throw new ExpectationFailed(`${changed} rows changed instead of ${expect}`);
      }
      return changed;
    });
    if (guarded) database.exec('RELEASE unit');
    return changes;
  } catch (error) {
    const failure = explain(error);
    if (failure.kind !== 'conflict') throw error;
    if (guarded) database.exec('ROLLBACK TO unit; RELEASE unit');
    return { failure };
  }
}

function prepared(sql: number): StatementSync {
  const text = texts[sql];
  if (text === undefined) throw new Error(`Statement ${sql} was never sent.`);
  statements[sql] ??= database.prepare(text); // now and not before: its tables may be new
  return statements[sql];
}

function explain(error: unknown): WireFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: error instanceof ExpectationFailed ? 'conflict' : kindOf(error), message };
}

function kindOf(error: unknown): WireFailure['kind'] {
  const { errcode, code } = error as { errcode?: number; code?: string }; // what node:sqlite and node:fs put there
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  if (errcode === undefined) return /^E(?!RR_)/.test(code ?? '') ? 'denied' : 'broken'; // ERR_ are Node's own
  switch (errcode & 0xff) {
    case SQLITE_CONSTRAINT:
      return 'conflict';
    case SQLITE_FULL:
      return 'full';
    case SQLITE_IOERR:
      return isFull() ? 'full' : 'io';
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return 'locked';
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return 'damaged';
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return 'denied';
    default:
      return 'broken';
  }
}

function isFull(): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(settings.file));
    return bavail * bsize < FULL_BELOW_BYTES;
  } catch {
    return false; // a disk that does not even say so is not full but broken
  }
}
