// Where commands go that no turn survives, so that an operator can look at them and their partition goes on.
import type { Addressed } from '#protocol/commands.ts';
import type { Database } from '../store/database.ts';
import type { Quarantine } from './turns.ts';

export const quarantineSchema = [
  `CREATE TABLE IF NOT EXISTS quarantine (
     id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, command TEXT NOT NULL, reason TEXT NOT NULL
   )`,
];

export class SqliteQuarantine implements Quarantine {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async keep(to: Addressed, reason: string): Promise<void> {
    const { kind, key } = to;
    const command = JSON.stringify(to.command);
    await this.#database.write([
      {
        sql: `INSERT INTO quarantine (at, kind, key, command, reason) SELECT ?, ?, ?, ?, ?
              WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE kind = ? AND key = ? AND command = ?)`,
        params: [this.#now(), kind, key, command, reason, kind, key, command],
      },
    ]);
  }
}
