// The groups of the embedded mode. All SQL of the groups service is here. A record and what follows from it are one transaction, so that
// records themselves need not be kept:
//
//   group_head    one row a name: fence `next`, and the group that has the name or had it last
//   group_entry   the logs; `number` is the group's own
//   group_mark    what was accepted under a message id
//   group_member  who is in which
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { Database, Row, SqlValue, Statement } from '#runtime/store/database.ts';
import type { GroupRecord, GroupStore, KeptEntry, KeptGroup, Listing, Mark, MarkKey } from './store.ts';

export const groupSchema: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS group_head (name TEXT PRIMARY KEY, next INTEGER NOT NULL, group_id TEXT NOT NULL, base INTEGER NOT NULL,
     policy TEXT NOT NULL, members INTEGER NOT NULL, deleted INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS group_open ON group_head (name) WHERE policy != 'closed' AND deleted = 0`,
  `CREATE TABLE IF NOT EXISTS group_entry (group_id TEXT NOT NULL, idx INTEGER NOT NULL, number INTEGER NOT NULL, entry TEXT NOT NULL,
     signature TEXT NOT NULL, UNIQUE (group_id, idx)) STRICT`,
  `CREATE TABLE IF NOT EXISTS group_mark (group_id TEXT NOT NULL, device TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL,
     mh TEXT NOT NULL, epoch INTEGER NOT NULL, persons INTEGER NOT NULL, at INTEGER NOT NULL,
     PRIMARY KEY (group_id, device, id)) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS group_mark_at ON group_mark (at)',
  'CREATE TABLE IF NOT EXISTS group_member (user TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (user, name)) STRICT, WITHOUT ROWID',
];

const LISTING = 'SELECT name, group_id, policy, members FROM group_head';

export class SqliteGroupStore implements GroupStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(name: string): Promise<KeptGroup | undefined> {
    const [head] = await this.#read('SELECT group_id, base, next FROM group_head WHERE name = ?', name);
    if (!head) return undefined;
    const group = String(head.group_id);
    const rows = await this.#read('SELECT entry, signature FROM group_entry WHERE group_id = ? ORDER BY idx', group);
    return { group, base: Number(head.base), next: Number(head.next), entries: rows.map(toEntry) };
  }

  async write(name: string, records: readonly GroupRecord[]): Promise<void> {
    await this.#database.write(records.flatMap((record) => statementsOf(name, record)));
  }

  async entries(group: string, from: number, before: number): Promise<readonly KeptEntry[]> {
    const sql = `SELECT number, entry, signature FROM group_entry WHERE group_id = ? AND idx >= ? AND idx < ? ORDER BY idx`;
    const rows = await this.#read(sql, group, from, before);
    return rows.map((row) => ({ ...toEntry(row), number: Number(row.number) }));
  }

  marks(group: string, keys: readonly MarkKey[]): Promise<readonly (Mark | undefined)[]> {
    const sql = 'SELECT number, mh, epoch, persons, at FROM group_mark WHERE group_id = ? AND device = ? AND id = ?';
    return Promise.all(
      keys.map(async ({ device, id }) => {
        const [row] = await this.#read(sql, group, device, id);
        if (!row) return undefined;
        const [number, epoch, persons] = [Number(row.number), Number(row.epoch), Number(row.persons)];
        return { device, id, number, mh: String(row.mh), epoch, persons, at: Number(row.at) };
      }),
    );
  }

  async groupsOf(address: string, after: string, limit: number): Promise<readonly Listing[]> {
    const sql = `${LISTING} JOIN group_member USING (name) WHERE user = ? AND name > ? ORDER BY name LIMIT ?`;
    return (await this.#read(sql, address, after, limit)).map(toListing);
  }

  async openGroups(after: string, limit: number): Promise<readonly Listing[]> {
    const sql = `${LISTING} WHERE policy != 'closed' AND deleted = 0 AND name > ? ORDER BY name LIMIT ?`;
    return (await this.#read(sql, after, limit)).map(toListing);
  }

  /** All of them: the whole file is this process's. */
  async sweep(before: number): Promise<void> {
    await this.#database.write([{ sql: 'DELETE FROM group_mark WHERE at < ?', params: [before] }]);
  }

  #read(sql: string, ...params: SqlValue[]): Promise<readonly Row[]> {
    return this.#database.read({ sql, params });
  }
}

function statementsOf(name: string, record: GroupRecord): Statement[] {
  const { group, marks, first, entries, change } = record;
  return [
    fence(name, record),
    ...entries.map(({ number, entry, signature }, offset) => ({
      sql: 'INSERT INTO group_entry (group_id, idx, number, entry, signature) VALUES (?, ?, ?, ?, ?)',
      params: [group, first + offset, number, entry, signature],
    })),
    ...marks.map(({ device, id, number, mh, epoch, persons, at }) => ({
      sql: 'INSERT INTO group_mark (group_id, device, id, number, mh, epoch, persons, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      params: [group, device, id, number, mh, epoch, persons, at],
    })),
    ...Object.entries(change?.membership ?? {}).map(([address, isMember]) => ({
      sql: isMember
        ? 'INSERT OR IGNORE INTO group_member (user, name) VALUES (?, ?)'
        : 'DELETE FROM group_member WHERE user = ? AND name = ?',
      params: [address, name],
    })),
  ];
}

function fence(name: string, { n, count, group, base, change }: GroupRecord): Statement {
  const next = n + count;
  if (!change) {
    return { sql: 'UPDATE group_head SET next = ? WHERE name = ? AND next = ?', params: [next, name, n], expect: 1 };
  }
  const values = [next, group, base, change.policy, change.members, change.deleted ? 1 : 0];
  if (n === 1) {
    const sql = `INSERT INTO group_head (next, group_id, base, policy, members, deleted, name) VALUES (?, ?, ?, ?, ?, ?, ?)`;
    return { sql, params: [...values, name] }; // its primary key makes a second one a Conflict
  }
  const sql = `UPDATE group_head SET next = ?, group_id = ?, base = ?, policy = ?, members = ?, deleted = ? WHERE name = ? AND next = ?`;
  return { sql, params: [...values, name, n], expect: 1 };
}

function toEntry(row: Row): SignedGroupEntryText {
  return { entry: String(row.entry), signature: String(row.signature) };
}

function toListing(row: Row): Listing {
  const policy = row.policy as Listing['policy']; // written above
  return { name: String(row.name), group: String(row.group_id), policy, members: Number(row.members) };
}
