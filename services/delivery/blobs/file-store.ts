// The blobs of the embedded mode: records in SQLite, content in files. All SQL of blobs is here.
import { randomBytes } from 'node:crypto';
import { Unavailable } from '#protocol/errors.ts';
import { Conflict, type Database, type Row, type Statement } from '#runtime/store/database.ts';
import { PartFiles } from './part-files.ts';
import type { BlobRecord, BlobStore, BlobUsage } from './store.ts';

export const blobSchema = [
  `CREATE TABLE IF NOT EXISTS blob (
     name TEXT PRIMARY KEY, owner TEXT NOT NULL, device TEXT NOT NULL, size INTEGER NOT NULL, stored INTEGER NOT NULL, expires INTEGER NOT NULL
   ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS blob_owner ON blob (owner, size)',
  'CREATE INDEX IF NOT EXISTS blob_expires ON blob (expires)',
  `CREATE TABLE IF NOT EXISTS blob_part (
     blob TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL, file TEXT NOT NULL, PRIMARY KEY (blob, at)
   ) WITHOUT ROWID`,
];

const COLUMNS = 'name, owner, device, size, stored, expires';
const ID_BYTES = 9;

export class FileBlobStore implements BlobStore {
  readonly #database: Database;
  readonly #files: PartFiles;
  readonly #id: () => string;
  /** Only a crash leaves what nobody counts: one look at all of it after a start is enough. */
  #looked = false;

  /** `folder`: for the content alone; made when it is needed. `id`: unlike all before. */
  constructor(database: Database, folder: string, id = () => randomBytes(ID_BYTES).toString('hex')) {
    this.#database = database;
    this.#files = new PartFiles(folder);
    this.#id = id;
  }

  async find(blob: string): Promise<BlobRecord | undefined> {
    const [row] = await this.#read(`SELECT ${COLUMNS} FROM blob WHERE name = ?`, blob);
    return row && recordOf(row);
  }

  async create({ blob, owner, device, size, stored, expiresAt }: BlobRecord): Promise<boolean> {
    const [created] = await this.#database.write([
      {
        sql: `INSERT INTO blob (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        params: [blob, owner, device, size, stored, expiresAt],
      },
    ]);
    return created === 1;
  }

  async append(
    blob: string,
    { offset, bytes, expiresAt }: { readonly offset: number; readonly bytes: number; readonly expiresAt: number },
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const record = await this.find(blob);
    if (record?.stored !== offset) throw new Conflict(`${record?.stored} bytes are stored, not ${offset}.`);
    const file = `${offset}-${this.#id()}`;
    await this.#files.write({ blob, file, bytes, first: offset === 0 }, body, async () => {
      await this.#database.write([
        {
          sql: 'UPDATE blob SET stored = ?, expires = ? WHERE name = ? AND stored = ?',
          params: [offset + bytes, expiresAt, blob, offset],
          expect: 1,
        },
        {
          sql: 'INSERT INTO blob_part (blob, at, bytes, file) VALUES (?, ?, ?, ?)',
          params: [blob, offset, bytes, file],
        },
      ]);
    });
  }

  async *read(blob: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    const sql = 'SELECT at, bytes, file FROM blob_part WHERE blob = ? AND at < ? AND at + bytes > ? ORDER BY at';
    let next = from;
    for (const row of await this.#read(sql, blob, to, from)) {
      const [at, end] = [Number(row.at), Number(row.at) + Number(row.bytes)];
      yield* this.#files.read(blob, String(row.file), next - at, Math.min(to, end) - at);
      next = Math.min(to, end);
    }
    if (next < to) throw new Unavailable('These bytes of the file are not stored.');
  }

  async usage(owner?: string): Promise<BlobUsage> {
    const sum = 'SELECT count(*) AS blobs, sum(size) AS bytes FROM blob';
    const [row] = owner === undefined ? await this.#read(sum) : await this.#read(`${sum} WHERE owner = ?`, owner);
    return { blobs: Number(row?.blobs ?? 0), bytes: Number(row?.bytes ?? 0) };
  }

  async remove(blob: string): Promise<void> {
    await this.#remove(blob, { sql: 'DELETE FROM blob WHERE name = ?', params: [blob] });
  }

  async sweep(now: number, limit: number): Promise<number> {
    if (!this.#looked) await this.#clearAll();
    this.#looked = true;
    const expired = await this.#read('SELECT name FROM blob WHERE expires < ? LIMIT ?', now, limit);
    let removed = 0;
    for (const { name } of expired) {
      const blob = String(name);
      removed += await this.#remove(blob, {
        sql: 'DELETE FROM blob WHERE name = ? AND expires < ?',
        params: [blob, now],
      });
    }
    return removed;
  }

  /** The record first: from then on nobody finds the content, and a crash leaves it for the next start's sweep. */
  async #remove(blob: string, record: Statement): Promise<number> {
    const [removed = 0] = await this.#database.write([
      record,
      {
        sql: 'DELETE FROM blob_part WHERE blob = ? AND NOT EXISTS (SELECT 1 FROM blob WHERE name = blob_part.blob)',
        params: [blob],
      },
    ]);
    if (removed > 0) await this.#clear(blob);
    return removed;
  }

  async #clearAll(): Promise<void> {
    for await (const blob of this.#files.blobs()) await this.#clear(blob);
  }

  #clear(blob: string): Promise<void> {
    return this.#files.clear(blob, async () => {
      const rows = await this.#read('SELECT file FROM blob_part WHERE blob = ?', blob);
      return new Set(rows.map(({ file }) => String(file)));
    });
  }

  #read(sql: string, ...params: (string | number)[]): Promise<readonly Row[]> {
    return this.#database.read({ sql, params });
  }
}

function recordOf(row: Row): BlobRecord {
  const { name, owner, device, size, stored, expires } = row;
  const numbers = { size: Number(size), stored: Number(stored), expiresAt: Number(expires) };
  return { blob: String(name), owner: String(owner), device: String(device), ...numbers };
}
