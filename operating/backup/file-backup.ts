// A backup of a server in one process: a copy of its database, which the server itself makes while it works, or which is made here where none runs; then
// the files that the copy counts, from where the server has them: what is written there never changes.
import { createReadStream, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '#runtime/start-error.ts';
import { type Copy, copyFromServer } from '#runtime/store/backup-door.ts';
import { blobsIn, databaseIn, openDataFile } from '#runtime/store/data-folder.ts';
import { opaqueOf } from '../../services/auth/setup.ts';
import { SqliteAccountStore } from '../../services/auth/sqlite-store.ts';
import { FileBlobStore } from '../../services/delivery/blobs/file-store.ts';
import type { Part } from './archive.ts';
import { emptyTally, type FileTally, filesOf } from './files.ts';
import type { Made, Wanted } from './made.ts';
import { SqliteArchive } from './sqlite-archive-store.ts';

/** The section with the bytes of the database file. */
export const DATABASE = 'parley.db';
const OWN_COPY = 'backup-0.db';
const PIECE_BYTES = 256 * 1024;

/** Throws StartError. */
export async function backUpFolder(data: string, { now, files }: Wanted): Promise<Made> {
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
    const tally = emptyTally();
    async function* parts(): AsyncGenerator<Part> {
      yield* databaseParts(copy.file);
      if (files) yield* fileParts(data, copy.file, tally);
    }
    return {
      facts: { mode: 'embedded', at: now, ...facts, opaque, files },
      parts: parts(),
      counts: () => ({ ...counts, ...tally }),
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

async function* databaseParts(file: string): AsyncGenerator<Part> {
  yield { section: DATABASE };
  for await (const data of createReadStream(file, { highWaterMark: PIECE_BYTES })) yield { data };
}

/** The copy is opened again only when all of it is through: who has it open may write to its file. */
async function* fileParts(data: string, copy: string, tally: FileTally): AsyncGenerator<Part> {
  const database = await openDataFile(data, copy, []);
  try {
    const archive = new SqliteArchive(database);
    if (!(await archive.keepsBlobs())) return; // no server of this version has worked on it
    yield* filesOf(new FileBlobStore(database, blobsIn(data)), (after) => archive.blobs(after), tally);
  } finally {
    await database.close();
  }
}
