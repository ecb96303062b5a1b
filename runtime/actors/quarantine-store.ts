// Where commands go that no turn survives, so that an operator can look at them and their partition goes on. It has a bound, and the
// newest are kept: what fails now is what an operator has to mend, and each has left its stack in the log besides.
import type { Logger } from 'pino';
import type { Addressed } from '#protocol/commands.ts';
import type { Database } from '../store/database.ts';
import type { Quarantine } from './turns.ts';

/** Commands that are kept. The largest, a message with all its slots, is some 200 KiB. */
export const QUARANTINE_MAX_COMMANDS = 1_000;

export const quarantineSchema = [
  `CREATE TABLE IF NOT EXISTS quarantine (
     id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, command TEXT NOT NULL, reason TEXT NOT NULL
   )`,
];

export class SqliteQuarantine implements Quarantine {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #log: Logger;

  /** `now`: ms since 1970. */
  constructor(database: Database, now: () => number, log: Logger) {
    this.#database = database;
    this.#now = now;
    this.#log = log;
  }

  async keep(to: Addressed, reason: string): Promise<void> {
    const { kind, key } = to;
    const command = JSON.stringify(to.command);
    const [, removed = 0] = await this.#database.write([
      {
        sql: `INSERT INTO quarantine (at, kind, key, command, reason) SELECT ?, ?, ?, ?, ?
              WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE kind = ? AND key = ? AND command = ?)`,
        params: [this.#now(), kind, key, command, reason, kind, key, command],
      },
      {
        sql: 'DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?',
        params: [QUARANTINE_MAX_COMMANDS],
      },
    ]);
    if (removed > 0)
      this.#log.warn({ removed, kept: QUARANTINE_MAX_COMMANDS }, 'the quarantine is full: its oldest went');
  }
}
