// A restore of a server in one process: its database is written under another name and set right there, and has its own name only when all is done.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { StartError } from '#runtime/start-error.ts';
import { databaseIn, makeFolder, openDataFile } from '#runtime/store/data-folder.ts';
import { SQLITE_FORMS } from '#runtime/store/forms.ts';
import { MetaStore } from '#runtime/store/meta-store.ts';
import { SqliteGroupStore } from '../../services/groups/sqlite-store.ts';
import { readArchive } from './archive.ts';
import { DATABASE } from './file-backup.ts';
import { mustFit } from './fitting.ts';
import { JUMP_EPOCHS, jumpNumbers } from './jump.ts';
import type { Counts, Manifest } from './manifest.ts';
import type { Source } from './source.ts';
import { SqliteArchive } from './sqlite-archive-store.ts';
import { isOfFiles, syncFolder } from './target.ts';

const UNFINISHED = 'restoring.db';

/** `domain`: as it is configured, or the backup's. Throws ConfigError, StartError; what it wrote by then it removes. */
export async function restoreFolder(
  data: string,
  source: Source,
  { manifest, counts }: { readonly manifest: Manifest; readonly counts: Counts },
  domain: string | undefined,
  now: number,
): Promise<void> {
  await mustFit(manifest, SQLITE_FORMS, domain);
  mustBeEmpty(data);
  const file = join(data, UNFINISHED);
  const remove = (): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  };
  process.once('exit', remove);
  try {
    makeFolder(data);
    remove(); // of one that was killed
    await writeDatabase(file, source);
    await setRight(data, file, counts, manifest.domain, now);
    mustBeEmpty(data); // nor has a server begun meanwhile
    renameSync(file, databaseIn(data));
    syncFolder(data);
  } catch (error) {
    if (!isOfFiles(error)) throw error;
    throw new StartError(
      `The data cannot be restored to ${data} (${error.message}). Make room, or give another folder with --data.`,
    );
  } finally {
    remove();
  }
}

function mustBeEmpty(data: string): void {
  if (!existsSync(databaseIn(data))) return;
  throw new StartError(
    `${data} has data already, and a restore overwrites nothing. Move it away, or give another folder with --data.`,
  );
}

async function writeDatabase(file: string, source: Source): Promise<void> {
  const handle = openSync(file, 'wx', 0o600);
  try {
    let wanted = false;
    for await (const part of readArchive(source.read(), source.name)) {
      if ('section' in part) wanted = part.section === DATABASE;
      else if ('data' in part && wanted) writeAll(handle, part.data);
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A full disk may take a part of it before it says so. */
function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

async function setRight(data: string, file: string, counts: Counts, domain: string, now: number): Promise<void> {
  const database = await openDataFile(data, file, []);
  try {
    const archive = new SqliteArchive(database);
    const found = await archive.counts();
    if (
      (await archive.fault()) !== undefined ||
      Object.entries(counts).some(([table, rows]) => found[table] !== rows)
    ) {
      throw new StartError('The database in the backup is not what the backup says. Use another backup.');
    }
    await new MetaStore(database).check({ domain, partitions: PARTITIONS_DEFAULT });
    const groups = new SqliteGroupStore(database);
    for (const name of await archive.groups()) await jumpNumbers(groups, name, now);
    await archive.raiseEpochs(JUMP_EPOCHS);
  } finally {
    await database.close();
  }
}
