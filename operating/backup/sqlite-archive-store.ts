// What backup and restore ask of a copy of an embedded database.
import type { Database, SqlValue } from '#runtime/store/database.ts';
import type { Counts } from './manifest.ts';
import type { Facts } from './mongo-archive-store.ts';

const NAMES_AT_ONCE = 500;

export class SqliteArchive {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined: it is whole; otherwise what SQLite says. */
  async fault(): Promise<string | undefined> {
    const [first] = await this.#column('PRAGMA quick_check(1)');
    return first === 'ok' ? undefined : String(first);
  }

  /** Whose data it is; undefined: no server has come to work on it yet. */
  async facts(): Promise<Facts | undefined> {
    const rows = await this.#database.read({ sql: 'SELECT name, value FROM meta', params: [] });
    const of = (wanted: string) => rows.find(({ name }) => name === wanted)?.value;
    const [schema, domain, partitions] = [of('schema'), of('domain'), of('partitions')];
    if (schema === undefined || domain === undefined || partitions === undefined) return undefined;
    return { schema: String(schema), domain: String(domain), partitions: Number(partitions) };
  }

  /** Rows by table. */
  async counts(): Promise<Counts> {
    const tables = await this.#column(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    );
    const counts: Record<string, number> = {};
    for (const table of tables.map(String)) {
      const [rows] = await this.#column(`SELECT count(*) FROM "${table.replaceAll('"', '""')}"`);
      counts[table] = Number(rows);
    }
    return counts;
  }

  /** The names that groups have or had. */
  async groups(): Promise<string[]> {
    return (await this.#column('SELECT name FROM group_head ORDER BY name')).map(String);
  }

  /** Whether it is of a version that keeps files. */
  async keepsBlobs(): Promise<boolean> {
    return (await this.#column("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'blob'")).length > 0;
  }

  /** Some names of blobs behind this one, in their order. */
  async blobs(after: string): Promise<string[]> {
    const sql = 'SELECT name FROM blob WHERE name > ? ORDER BY name LIMIT ?';
    const rows = await this.#database.read({ sql, params: [after, NAMES_AT_ONCE] });
    return rows.map(({ name }) => String(name));
  }

  /** What is in a copy of a database is not in the folder that it is restored to. */
  async forgetBlobs(): Promise<void> {
    await this.#database.write(['blob', 'blob_part'].map((table) => ({ sql: `DELETE FROM ${table}`, params: [] })));
  }

  async raiseEpochs(by: number): Promise<void> {
    await this.#database.write([
      {
        sql: `UPDATE meta SET value = CAST(CAST(value AS INTEGER) + CAST(? AS INTEGER) AS TEXT) WHERE name = 'epoch' OR name LIKE 'epoch %'`,
        params: [by],
      },
    ]);
  }

  async #column(sql: string): Promise<SqlValue[]> {
    const rows = await this.#database.read({ sql, params: [] });
    return rows.map((row) => Object.values(row)[0] ?? null);
  }
}
