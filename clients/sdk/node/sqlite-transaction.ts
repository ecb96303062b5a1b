// The statements of a transaction on a profile's records, which are rows of one table.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Range, Row, SpaceNumber, StorageWriter } from '../profile/storage.ts';

/** Above every key: keys are at most 40 bytes. */
const KEY_END = new Uint8Array(64).fill(0xff);
const KEY_START = new Uint8Array(0);

export class SqliteTransaction implements StorageWriter {
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;
  readonly #count: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT value FROM records WHERE space = ? AND key = ?');
    this.#put = database.prepare(
      'INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (space, key) DO UPDATE SET value = excluded.value',
    );
    this.#delete = database.prepare('DELETE FROM records WHERE space = ? AND key = ?');
    const range = 'SELECT key, value FROM records WHERE space = ? AND key >= ? AND key < ? ORDER BY key';
    this.#ascending = database.prepare(`${range} LIMIT ?`);
    this.#descending = database.prepare(`${range} DESC LIMIT ?`);
    this.#count = database.prepare('SELECT count(*) AS count FROM records WHERE space = ?');
  }

  async get(space: SpaceNumber, key: Uint8Array): Promise<Uint8Array | undefined> {
    // A STRICT table: the column is BLOB NOT NULL. Here and below.
    return this.#get.get(space, key)?.value as Uint8Array | undefined;
  }

  async range(space: SpaceNumber, { from = KEY_START, to = KEY_END, reverse, limit = -1 }: Range): Promise<Row[]> {
    const statement = reverse ? this.#descending : this.#ascending;
    return statement.all(space, from, to, limit) as Row[];
  }

  async count(space: SpaceNumber): Promise<number> {
    return Number(this.#count.get(space)?.count);
  }

  async put(space: SpaceNumber, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#put.run(space, key, value);
  }

  async delete(space: SpaceNumber, key: Uint8Array): Promise<void> {
    this.#delete.run(space, key);
  }
}
