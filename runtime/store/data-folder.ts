// The embedded server's data: its folder, made if it is not there, and its database, checked before anything is written to it.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { StartError } from '../start-error.ts';
import type { CopiedDatabase } from './database.ts';
import type { StoreFacts } from './meta.ts';
import { MetaStore, metaSchema } from './meta-store.ts';
import { OpenError, type OpenProblem, openDatabase } from './sqlite.ts';

/** Where files are in a data folder, as their senders sealed them. */
export function blobsIn(data: string): string {
  return join(data, 'blobs');
}

/** The database in a data folder. */
export function databaseIn(data: string): string {
  return join(data, 'parley.db');
}

const ADVICE: Readonly<Record<OpenProblem, string>> = {
  locked: 'Stop the other Parley server that uses it, or choose another --data.',
  damaged: 'Restore a backup, or choose another --data.',
  full: 'Make room on its disk.',
  io: 'Its disk fails: look at the system log, restore a backup on another disk.',
  denied: 'Choose a folder that this user may write with --data.',
};

/**
 * Opens the database in the folder `data`, with the tables of `schema`, for a deployment of these facts, and takes the epoch of this start. Throws StartError, or ConfigError
 * where a setting contradicts the data: each says what to do. `claim`: to be called once the start cannot fail any more; at the first one it fixes the domain of the data.
 */
export async function openData(
  data: string,
  facts: StoreFacts,
  schema: readonly string[],
): Promise<{ readonly database: CopiedDatabase; readonly epoch: number; claim(): Promise<void> }> {
  try {
    makeFolder(data);
  } catch (error) {
    throw unusable(data, error instanceof Error ? error.message : String(error), 'denied');
  }
  const database = await openDataFile(data, databaseIn(data), metaSchema);
  try {
    const meta = new MetaStore(database);
    await meta.check(facts);
    await database.write(schema.map((sql) => ({ sql, params: [] })));
    return { database, epoch: await meta.takeEpoch(), claim: () => meta.claim(facts) };
  } catch (error) {
    await database.close();
    if (error instanceof RequestError) throw unusable(data, error.message, 'full');
    throw error instanceof Unavailable ? unusable(data, error.message, 'io') : error;
  }
}

/** Opens a database file of this folder. Throws StartError. */
export async function openDataFile(data: string, file: string, schema: readonly string[]): Promise<CopiedDatabase> {
  try {
    return await openDatabase({ file, schema });
  } catch (error) {
    throw error instanceof OpenError ? unusable(data, error.message, error.problem) : error;
  }
}

function unusable(data: string, reason: string, problem: OpenProblem): StartError {
  return new StartError(`The data folder ${data} cannot be used: ${reason.replace(/\.$/, '')}. ${ADVICE[problem]}`);
}

/** Private folders, one by one: Node's `recursive` never returns where a file system makes none, such as below /proc (seen in 24.21). */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) mkdirSync(folder, { mode: 0o700 });
}
