// The facts about an embedded store, and its epochs, in SQLite.
import type { ActorKind } from '#protocol/commands.ts';
import { Conflict, type Database } from './database.ts';
import { ownForm, SQLITE_FORMS } from './forms.ts';
import { claimFacts, DOMAIN, FORM, type PartitionEpochs, type StoreFacts, type StoreMeta } from './meta.ts';

export const metaSchema = [
  'CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
];

/** As `MetaStore.claim`, of facts that were read before, by name; what is not among them is taken for right. Nothing is recorded. */
export async function checkFacts(kept: ReadonlyMap<string, string>, facts: StoreFacts): Promise<void> {
  await claimFacts(async (name, value) => kept.get(name) ?? value, SQLITE_FORMS, facts, '--data');
}

export class MetaStore implements StoreMeta, PartitionEpochs {
  readonly #database: Database;
  readonly #forms: readonly number[];

  /** `forms`: those that this version reads. */
  constructor(database: Database, forms = SQLITE_FORMS) {
    this.#database = database;
    this.#forms = forms;
  }

  /** The data has this version's form from now on: nobody else uses it. */
  async claim(facts: StoreFacts): Promise<void> {
    const form = await claimFacts((name, value) => this.#first(name, value), this.#forms, facts, '--data');
    const own = ownForm(this.#forms);
    const sql = 'UPDATE meta SET value = ? WHERE name = ?';
    if (form !== own) await this.#database.write([{ sql, params: [String(own), FORM] }]);
  }

  /**
   * As `claim`, but its form stays as it is, and a domain that is not recorded yet stays open: a start that fails on its port has decided nothing
   * for the next one.
   */
  async check(facts: StoreFacts): Promise<void> {
    const keep = (name: string, value: string) =>
      name === DOMAIN ? this.#kept(name, value) : this.#first(name, value);
    await claimFacts(keep, this.#forms, facts, '--data');
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
