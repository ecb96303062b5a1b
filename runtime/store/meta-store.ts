// Facts about a store as a whole, fixed when it was made: whose data it is and in which form. A start that contradicts them is
// refused, because going on would mix the data of two deployments.
import type { Database } from './database.ts';

/** The form of the tables that this version reads and writes. */
const SCHEMA_VERSION = 2;

export const metaSchema = [
  'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
];

/** The store belongs to another domain, partition count or version. The message says what to do. */
export class StoreMismatch extends Error {
  override readonly name = 'StoreMismatch';
}

export class MetaStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Records the deployment's facts at first start, compares them at every later one. Throws StoreMismatch. */
  async claim(facts: { readonly domain: string; readonly partitions: number }): Promise<void> {
    const schema = await this.#first('schema', String(SCHEMA_VERSION));
    if (schema !== String(SCHEMA_VERSION)) {
      throw new StoreMismatch(
        `The data has the form of version ${schema}; this version of Parley reads ${SCHEMA_VERSION}. Use the version that made it, or another --data.`,
      );
    }
    const domain = await this.#first('domain', facts.domain);
    if (domain !== facts.domain) {
      throw new StoreMismatch(
        `The data belongs to the domain ${domain}, not ${facts.domain}. Start with --domain ${domain}, or with another --data.`,
      );
    }
    const partitions = await this.#first('partitions', String(facts.partitions));
    if (partitions !== String(facts.partitions)) {
      throw new StoreMismatch(`The data has ${partitions} partitions, not ${facts.partitions}.`);
    }
  }

  /** A number that no earlier start had: the epoch of this one. */
  async takeEpoch(): Promise<number> {
    await this.#database.write([
      {
        sql: `INSERT INTO meta (name, value) VALUES ('epoch', '1')
              ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)`,
        params: [],
      },
    ]);
    return Number(await this.#first('epoch', '1'));
  }

  async #first(name: string, value: string): Promise<string> {
    await this.#database.write([
      { sql: 'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', params: [name, value] },
    ]);
    const [row] = await this.#database.read({ sql: 'SELECT value FROM meta WHERE name = ?', params: [name] });
    return String(row?.value ?? value);
  }
}
