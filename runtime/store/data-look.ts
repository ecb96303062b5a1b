// Looks at the embedded server's data from outside, for whoever asks whether all is well. It takes no lock and makes no file, so it does not
// see what a running server, or one that was killed, has only in the log beside its database.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

export type DataLook = {
  /** Of the folder and of the files in it: access bits, and when it was changed, ms since 1970. */
  readonly folder: Looked;
  readonly files: readonly Looked[];
  /** A server uses the data, or the last one did not end by itself. */
  readonly open: boolean;
  /** What was recorded about the data, by name; undefined if there is no database, or nothing can be read in it now. */
  readonly facts: ReadonlyMap<string, string> | undefined;
  /** What the files that people sent take or will take, as far as that can be read. */
  readonly blobBytes: number;
};
export type Looked = { readonly path: string; readonly mode: number; readonly changedAt: number; readonly uid: number };

const ACCESS_BITS = 0o777;
const DATABASE = 'parley.db';
const sumSchema = z.object({ bytes: z.number().nullable() });
const rowsSchema = z.array(z.object({ name: z.string(), value: z.string() }));

/** undefined if there is no such folder. Throws the operating system's error, or SQLite's for a database that cannot be read. */
export function lookIntoData(data: string): DataLook | undefined {
  const stats = statSync(data, { throwIfNoEntry: false });
  if (!stats) return undefined;
  const names = stats.isDirectory() ? readdirSync(data) : [];
  const path = join(data, DATABASE);
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const open = (log?.size ?? 0) > 0;
  return {
    folder: look(data),
    files: names.map((name) => look(join(data, name))),
    open,
    ...(names.includes(DATABASE) ? foundIn(path, open) : { facts: undefined, blobBytes: 0 }),
  };
}

function look(path: string): Looked {
  const { mode, mtimeMs, uid } = statSync(path);
  return { path, mode: mode & ACCESS_BITS, changedAt: mtimeMs, uid };
}

function foundIn(path: string, open: boolean): Pick<DataLook, 'facts' | 'blobBytes'> {
  const url = pathToFileURL(path);
  // A mere read of a database in this mode makes files beside it (seen); one that is said not to change is read alone.
  url.search = '?immutable=1';
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(url, { readOnly: true });
    const rows = rowsSchema.parse(database.prepare('SELECT name, value FROM meta').all());
    const facts = new Map(rows.map(({ name, value }) => [name, value]));
    return { facts, blobBytes: blobBytesIn(database) };
  } catch (error) {
    if (open) return { facts: undefined, blobBytes: 0 }; // what is missing here stands in the log
    throw error;
  } finally {
    database?.close();
  }
}

function blobBytesIn(database: DatabaseSync): number {
  const has = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'blob'").get();
  if (!has) return 0; // of a version before files
  const { bytes } = sumSchema.parse(database.prepare('SELECT sum(size) AS bytes FROM blob').get());
  return bytes ?? 0;
}
