// The facts about an embedded store, and its epochs, in SQLite.
import type { ActorKind } from '#protocol/commands.ts';
import { Conflict, type Database } from './database.ts';
import { claimFacts, DOMAIN, type PartitionEpochs, type StoreFacts, type StoreMeta } from './meta.ts';

/** The form of the tables that this version reads and writes. */
export const SCHEMA_VERSION = 2;

export const metaSchema = [
  'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
];

export class MetaStore implements StoreMeta, PartitionEpochs {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  claim(facts: StoreFacts): Promise<void> {
    return claimFacts((name, value) => this.#first(name, value), SCHEMA_VERSION, facts, '--data');
  }

  /** As `claim`, but a domain that is not recorded yet stays open: a start that fails on its port has decided nothing for the next one. */
  check(facts: StoreFacts): Promise<void> {
    const keep = (name: string, value: string) =>
      name === DOMAIN ? this.#kept(name, value) : this.#first(name, value);
    return claimFacts(keep, SCHEMA_VERSION, facts, '--data');
  }

  /** A number that no earlier start had: the epoch of this one. */
  takeEpoch(): Promise<number> {
    return this.#take('epoch');
  }

  take(kind: ActorKind, partition: number): Promise<number> {
    return this.#take(`epoch ${kind}/${partition}`);
  }

  /** Compare-and-set, because a write and a later read are two: two who take at once must not read the same. */
  async #take(name: string): Promise<number> {
    for (;;) {
      const last = Number(await this.#first(name, '0'));
      const update = {
        sql: 'UPDATE meta SET value = ? WHERE name = ? AND value = ?',
        params: [String(last + 1), name, String(last)],
        expect: 1,
      };
      try {
        await this.#database.write([update]);
        return last + 1;
      } catch (error) {
        if (!(error instanceof Conflict)) throw error; // somebody else took that one: there is progress
      }
    }
  }

  async #first(name: string, value: string): Promise<string> {
    await this.#database.write([
      { sql: 'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', params: [name, value] },
    ]);
    return this.#kept(name, value);
  }

  async #kept(name: string, value: string): Promise<string> {
    const [row] = await this.#database.read({ sql: 'SELECT value FROM meta WHERE name = ?', params: [name] });
    return String(row?.value ?? value);
  }
}
