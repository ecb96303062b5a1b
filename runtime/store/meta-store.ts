// Facts about a store as a whole, fixed when it was made: whose data it is and in which form. A start that contradicts them is
// refused before it touches anything else, because going on would mix the data of two deployments.
import { ConfigError } from '../config.ts';
import { StartError } from '../start-error.ts';
import type { Database } from './database.ts';

/** The form of the tables that this version reads and writes. */
const SCHEMA_VERSION = 1;

export const metaSchema = [
  'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
];

export type Facts = { readonly domain: string; readonly partitions: number };

export class MetaStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Records the deployment's facts at first start, all at once, and compares them at every later one. Throws StartError (the data has
   * another version or number of partitions) or ConfigError (another domain).
   */
  async claim({ domain, partitions }: Facts): Promise<void> {
    const own = { schema: String(SCHEMA_VERSION), domain, partitions: String(partitions) };
    const kept = await this.#kept();
    if (kept.schema === undefined) {
      const sql = 'INSERT INTO meta (name, value) VALUES (?, ?)';
      await this.#database.write(Object.entries(own).map((fact) => ({ sql, params: fact })));
      return;
    }
    if (kept.schema !== own.schema) {
      throw new StartError(
        `The data has the form of version ${kept.schema}; this version of Parley reads ${own.schema}. Use the version that made it, or another --data.`,
      );
    }
    if (kept.domain !== own.domain) {
      throw new ConfigError(
        `The data belongs to the domain ${kept.domain}, not ${own.domain}. Start with --domain ${kept.domain}, or with another --data.`,
      );
    }
    if (kept.partitions !== own.partitions) {
      throw new StartError(
        `The data has ${kept.partitions} partitions; this version of Parley uses ${own.partitions}. Use the version that made it, or another --data.`,
      );
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
    return Number((await this.#kept()).epoch);
  }

  async #kept(): Promise<Readonly<Record<string, string>>> {
    const rows = await this.#database.read({ sql: 'SELECT name, value FROM meta', params: [] });
    return Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)]));
  }
}
