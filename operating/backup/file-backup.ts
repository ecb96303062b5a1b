// A backup of a server in one process: a copy of its database, which the server itself makes while it works, or which is made here where none runs.
import { createReadStream, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '#runtime/start-error.ts';
import { type Copy, copyFromServer } from '#runtime/store/backup-door.ts';
import { databaseIn, openDataFile } from '#runtime/store/data-folder.ts';
import { opaqueOf } from '../../services/auth/setup.ts';
import { SqliteAccountStore } from '../../services/auth/sqlite-store.ts';
import type { Part } from './archive.ts';
import type { Made } from './made.ts';
import { SqliteArchive } from './sqlite-archive-store.ts';

/** The section with the bytes of the database file. */
export const DATABASE = 'parley.db';
const OWN_COPY = 'backup-0.db';
const PIECE_BYTES = 256 * 1024;

/** Throws StartError. */
export async function backUpFolder(data: string, now: number): Promise<Made> {
  if (!existsSync(databaseIn(data))) {
    throw new StartError(
      `There is nothing to back up in ${data}: it has no parley.db. Give the server's folder with --data.`,
    );
  }
  const copy = (await copyFromServer(data)) ?? (await copyHere(data));
  try {
    const database = await openDataFile(data, copy.file, []);
    const archive = new SqliteArchive(database);
    const [facts, counts, fault] = [await archive.facts(), await archive.counts(), await archive.fault()];
    const opaque = await opaqueOf(new SqliteAccountStore(database));
    await database.close();
    if (fault !== undefined)
      throw new StartError(`The database in ${data} is damaged (${fault}). Restore an earlier backup.`);
    if (facts === undefined)
      throw new StartError(`There is nothing to back up in ${data}: no server ever worked on it.`);
    return {
      facts: { mode: 'embedded', at: now, ...facts, opaque },
      parts: partsOf(copy.file),
      counts: () => counts,
      close: async () => copy.close(),
    };
  } catch (error) {
    copy.close();
    throw error;
  }
}

/** Nobody uses the folder, or the lock says so. */
async function copyHere(data: string): Promise<Copy> {
  const file = join(data, OWN_COPY);
  const remove = (): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  };
  const database = await openDataFile(data, databaseIn(data), []);
  remove(); // what was left by one that was killed
  process.once('exit', remove);
  try {
    await database.copyTo(file);
  } catch (error) {
    remove();
    throw new StartError(
      `The database cannot be copied within ${data} (${(error as Error).message}). Make room for it there.`,
    );
  } finally {
    await database.close();
  }
  return { file, close: remove };
}

async function* partsOf(file: string): AsyncGenerator<Part> {
  yield { section: DATABASE };
  for await (const data of createReadStream(file, { highWaterMark: PIECE_BYTES })) yield { data };
}
