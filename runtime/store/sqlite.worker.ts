// The thread that owns the embedded database, so that a disk sync never stops the event loop that serves sockets.
// One message = one batch = one transaction (group commit).
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Row, SqlValue } from './database.ts';

/** A unit is one `write` (all or none) or one `read`. SQL texts cross once and are numbered from then on. */
export type WireUnit = readonly [
  read: boolean,
  statements: readonly (readonly [sql: number, params: readonly SqlValue[], expect: number])[],
];
export type WireBatch = { readonly texts: readonly string[]; readonly units: readonly WireUnit[] };
export type WireFailure = { readonly kind: 'conflict' | 'full' | 'broken'; readonly message: string };
export type WireResult = readonly number[] | readonly Row[] | { readonly failure: WireFailure };
export type WireReply = { readonly results: readonly WireResult[] } | { readonly failure: WireFailure };
export type WorkerSettings = { readonly file: string; readonly schema: readonly string[] };

const NO_EXPECTATION = -1;
const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT = 19;
/** Rows are written and deleted again within milliseconds: rare checkpoints find most pages already reused. 4 KiB pages. */
const CHECKPOINT_PAGES = 4_000;

class ExpectationFailed extends Error {}

const port = parentPort;
if (!port) throw new Error('sqlite.worker.ts runs as a worker thread only.');
const settings = workerData as WorkerSettings; // given by sqlite.ts, the only one that starts this file

let database: DatabaseSync;
const statements: StatementSync[] = [];

try {
  database = open();
  port.postMessage({ results: [] } satisfies WireReply);
  port.on('message', (batch: WireBatch | 'close') => {
    if (batch === 'close') {
      database.close();
      port.close();
    } else {
      port.postMessage(perform(batch));
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

function perform(batch: WireBatch): WireReply {
  try {
    for (const text of batch.texts) statements.push(database.prepare(text));
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
  const statement = statements[sql];
  if (!statement) throw new Error(`Statement ${sql} was never sent.`);
  return statement;
}

function explain(error: unknown): WireFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ExpectationFailed) return { kind: 'conflict', message };
  const code = Number((error as { errcode?: number }).errcode ?? 0) & 0xff; // node:sqlite puts SQLite's code there
  if (code === SQLITE_CONSTRAINT) return { kind: 'conflict', message };
  if (code === SQLITE_FULL || code === SQLITE_IOERR) return { kind: 'full', message };
  if (code === SQLITE_BUSY) return { kind: 'broken', message: 'the database is locked' };
  return { kind: 'broken', message };
}
