// A restore of a server in one process: its database is written under another name and set right there, and has its own name only when all is done,
// files too.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { StartError } from '#runtime/start-error.ts';
import { blobsIn, databaseIn, makeFolder, openDataFile } from '#runtime/store/data-folder.ts';
import type { Database } from '#runtime/store/database.ts';
import { SQLITE_FORMS } from '#runtime/store/forms.ts';
import { MetaStore } from '#runtime/store/meta-store.ts';
import { blobSchema, FileBlobStore } from '../../services/delivery/blobs/file-store.ts';
import { SqliteGroupStore } from '../../services/groups/sqlite-store.ts';
import { DATABASE } from './file-backup.ts';
import { FILES, isOfTally, putBackFile } from './files.ts';
import { mustFit } from './fitting.ts';
import { JUMP_EPOCHS, jumpNumbers } from './jump.ts';
import type { Counts, Manifest } from './manifest.ts';
import { readSections } from './sections.ts';
import type { Source } from './source.ts';
import { SqliteArchive } from './sqlite-archive-store.ts';
import { isOfFiles, syncFolder } from './target.ts';

const UNFINISHED = 'restoring.db';
const UNFINISHED_BLOBS = 'restoring-blobs';

/** `domain`: as it is configured, or the backup's. Throws ConfigError, StartError; what it wrote by then it removes. */
export async function restoreFolder(
  data: string,
  source: Source,
  { manifest, counts }: { readonly manifest: Manifest; readonly counts: Counts },
  domain: string | undefined,
  now: number,
): Promise<void> {
  await mustFit(manifest, SQLITE_FORMS, domain);
  const file = join(data, UNFINISHED);
  mustBeEmpty(data);
  const remove = (): void => {
    rmSync(join(data, UNFINISHED_BLOBS), { recursive: true, force: true });
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  };
  process.once('exit', remove);
  try {
    makeFolder(data);
    remove(); // of one that was killed
    await putBack(data, file, source, { manifest, counts }, now);
    mustHaveNoDatabase(data); // nor has a server begun meanwhile
    giveNames(data, file);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    throw new StartError(
      `The data cannot be restored to ${data} (${reason}). Make room, or give another folder with --data.`,
    );
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** What the disk said, to us or to a store; undefined: it is no fault of the disk. */
function reasonOf(error: unknown): string | undefined {
  if (isOfFiles(error)) return error.message;
  if (error instanceof RequestError && error.code === 'no_space') return 'its disk is full';
  return error instanceof Unavailable ? error.message.replace(/\.$/, '') : undefined;
}

/** The database last: it says that all is there. */
function giveNames(data: string, file: string): void {
  const blobs = join(data, UNFINISHED_BLOBS);
  rmSync(blobsIn(data), { recursive: true, force: true }); // as `mustBeEmpty` found it
  if (existsSync(blobs)) renameSync(blobs, blobsIn(data));
  syncFolder(data);
  renameSync(file, databaseIn(data));
  syncFolder(data);
}

function mustBeEmpty(data: string): void {
  mustHaveNoDatabase(data);
  // Beside an unfinished database they are a killed restore's.
  if (existsSync(join(data, UNFINISHED)) || !existsSync(blobsIn(data)) || readdirSync(blobsIn(data)).length === 0)
    return;
  throw new StartError(
    `${data} has files of people already (${blobsIn(data)}), and a restore overwrites nothing. Move them away, or give another folder with --data.`,
  );
}

function mustHaveNoDatabase(data: string): void {
  if (!existsSync(databaseIn(data))) return;
  throw new StartError(
    `${data} has data already, and a restore overwrites nothing. Move it away, or give another folder with --data.`,
  );
}

/** What of the archive is the database is first in it. */
async function putBack(
  data: string,
  file: string,
  source: Source,
  { manifest, counts }: { readonly manifest: Manifest; readonly counts: Counts },
  now: number,
): Promise<void> {
  let database: Database | undefined;
  let files = 0;
  try {
    await readSections(source, async (section, bytes) => {
      if (section === DATABASE) {
        await writeDatabase(file, bytes);
        database = await openDataFile(data, file, []);
        await setRight(database, counts, manifest.domain, now);
      } else if (section === FILES && database) {
        if (await putBackFile(new FileBlobStore(database, join(data, UNFINISHED_BLOBS)), bytes)) files += 1;
      }
    });
    if (files !== (counts[FILES] ?? 0))
      throw new StartError(`${source.name} changed while it was read. Run this again.`);
  } finally {
    await database?.close();
  }
}

async function writeDatabase(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = openSync(file, 'wx', 0o600);
  try {
    for await (const some of bytes) writeAll(handle, some);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A full disk may take a part of it before it says so. */
function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

async function setRight(database: Database, counts: Counts, domain: string, now: number): Promise<void> {
  const archive = new SqliteArchive(database);
  const found = await archive.counts();
  const tables = Object.entries(counts).filter(([name]) => !isOfTally(name));
  if ((await archive.fault()) !== undefined || tables.some(([table, rows]) => found[table] !== rows))
    throw new StartError('The database in the backup is not what the backup says. Use another backup.');
  await new MetaStore(database).check({ domain, partitions: PARTITIONS_DEFAULT });
  const groups = new SqliteGroupStore(database);
  for (const name of await archive.groups()) await jumpNumbers(groups, name, now);
  await archive.raiseEpochs(JUMP_EPOCHS);
  await database.write(blobSchema.map((sql) => ({ sql, params: [] }))); // it may be of a version before files
  await archive.forgetBlobs();
}
