// The mailboxes of the embedded mode. All SQL of delivery is here.
import type { Database, Row, Statement } from '#runtime/store/database.ts';
import { bytesIn, type Charges } from './charges.ts';
import {
  CHUNK_NUMBERS,
  type Chunk,
  type ChunkSize,
  type MailboxState,
  type MailboxStore,
  type MailboxWrite,
  type StoredItem,
} from './store.ts';

/** Chunks that one step of a survey reads: others wait no longer than for that. */
const SURVEY_CHUNKS = 500;

export const mailboxSchema = [
  `CREATE TABLE IF NOT EXISTS mailbox (
     user TEXT PRIMARY KEY, length INTEGER NOT NULL, devices TEXT NOT NULL, deleted INTEGER NOT NULL, next INTEGER NOT NULL
   ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS mailbox_cursor (
     user TEXT NOT NULL, device TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (user, device)
   ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS mailbox_used (
     user TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (user, device)
   ) WITHOUT ROWID`,
  'CREATE TABLE IF NOT EXISTS mailbox_seen (user TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID',
  `CREATE TABLE IF NOT EXISTS chunk (
     user TEXT NOT NULL, n INTEGER NOT NULL, count INTEGER NOT NULL, charges TEXT NOT NULL, items TEXT NOT NULL,
     UNIQUE (user, n)
   )`,
];

export class SqliteMailboxStore implements MailboxStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(user: string): Promise<MailboxState | undefined> {
    const [heads, cursors, used, seen, chunks] = await Promise.all([
      this.#read('SELECT length, devices, deleted, next FROM mailbox WHERE user = ?', user),
      this.#read('SELECT device, n FROM mailbox_cursor WHERE user = ?', user),
      this.#read('SELECT device, at FROM mailbox_used WHERE user = ?', user),
      this.#read('SELECT at FROM mailbox_seen WHERE user = ?', user),
      this.#read('SELECT n, count, charges FROM chunk WHERE user = ? ORDER BY n', user),
    ]);
    const head = heads[0];
    if (!head) return undefined;
    return {
      length: Number(head.length),
      devices: JSON.parse(String(head.devices)) as string[], // written below
      deleted: head.deleted === 1,
      next: Number(head.next),
      cursors: Object.fromEntries(cursors.map((row) => [String(row.device), Number(row.n)])),
      used: Object.fromEntries(used.map((row) => [String(row.device), Number(row.at)])),
      seen: seen[0] && Number(seen[0].at),
      chunks: chunks.map((row) => ({
        n: Number(row.n),
        count: Number(row.count),
        charges: JSON.parse(String(row.charges)) as Charges, // written below
      })),
    };
  }

  async write(user: string, writes: readonly MailboxWrite[]): Promise<void> {
    await this.#database.write(writes.flatMap((write) => statementsOf(user, write)));
  }

  async read(user: string, from: number, before: number, limit: number): Promise<readonly Chunk[]> {
    const rows = await this.#read(
      'SELECT n, items FROM chunk WHERE user = ? AND n + count > ? AND n < ? ORDER BY n LIMIT ?',
      user,
      from,
      before,
      limit,
    );
    return rows.map((row) => ({ n: Number(row.n), items: JSON.parse(String(row.items)) as StoredItem[] })); // written below
  }

  async users(after: string, limit: number): Promise<readonly string[]> {
    const rows = await this.#read('SELECT DISTINCT user FROM chunk WHERE user > ? ORDER BY user LIMIT ?', after, limit);
    return rows.map((row) => String(row.user));
  }

  async survey(each: (chunk: ChunkSize) => void): Promise<void> {
    for (let after = 0; ; ) {
      const rows = await this.#read(
        'SELECT rowid, user, count, charges FROM chunk WHERE rowid > ? ORDER BY rowid LIMIT ?',
        after,
        SURVEY_CHUNKS,
      );
      for (const { rowid, user, count, charges } of rows) {
        const bytes = bytesIn(JSON.parse(String(charges)) as Charges); // written below
        each({ user: String(user), items: Number(count), bytes });
        after = Number(rowid);
      }
      if (rows.length === 0) return;
    }
  }

  #read(sql: string, ...params: (string | number)[]): Promise<readonly Row[]> {
    return this.#database.read({ sql, params });
  }
}

function statementsOf(user: string, write: MailboxWrite): Statement[] {
  switch (write.type) {
    case 'account':
      return [
        {
          sql: `INSERT INTO mailbox (user, length, devices, deleted, next) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (user) DO UPDATE SET length = excluded.length, devices = excluded.devices, deleted = excluded.deleted
                WHERE excluded.length > length OR (excluded.length = length AND excluded.deleted > deleted)`,
          params: [user, write.length, JSON.stringify(write.devices), write.deleted ? 1 : 0, CHUNK_NUMBERS],
          expect: 1,
        },
        ...Object.entries(write.cursors).map(([device, n]) => cursor(user, device, n)),
        { sql: 'DELETE FROM mailbox_used WHERE user = ?', params: [user] },
        ...Object.entries(write.used).map(([device, at]) => used(user, device, at)),
        ...(write.deleted ? [{ sql: 'DELETE FROM mailbox_seen WHERE user = ?', params: [user] }] : []),
      ];
    case 'append': {
      const { n, items } = write.chunk;
      return [
        {
          sql: 'INSERT INTO chunk (user, n, count, charges, items) VALUES (?, ?, ?, ?, ?)',
          params: [user, n, items.length, JSON.stringify(write.charges), JSON.stringify(items)],
        },
        // The chunk that an owner overtaken does not know of may be gone again: its numbers stay used.
        {
          sql: 'UPDATE mailbox SET next = ? WHERE user = ? AND next <= ?',
          params: [n + CHUNK_NUMBERS, user, n],
          expect: 1,
        },
      ];
    }
    case 'cursor':
      return [cursor(user, write.device, write.n)];
    case 'used':
      return [used(user, write.device, write.at)];
    case 'seen':
      return [
        {
          sql: 'INSERT OR REPLACE INTO mailbox_seen (user, at) SELECT user, ? FROM mailbox WHERE user = ? AND deleted = 0',
          params: [write.at, user],
        },
      ];
    case 'trim':
    case 'remove':
      return [{ sql: 'DELETE FROM chunk WHERE user = ? AND n = ?', params: [user, write.n] }];
    case 'replace':
      return [
        {
          sql: 'UPDATE chunk SET charges = ?, items = ? WHERE user = ? AND n = ?',
          params: [JSON.stringify(write.charges), JSON.stringify(write.chunk.items), user, write.chunk.n],
        },
      ];
  }
}

function cursor(user: string, device: string, n: number): Statement {
  return {
    sql: `INSERT INTO mailbox_cursor (user, device, n) VALUES (?, ?, ?)
          ON CONFLICT (user, device) DO UPDATE SET n = max(n, excluded.n)`,
    params: [user, device, n],
  };
}

function used(user: string, device: string, at: number): Statement {
  return {
    sql: `INSERT OR REPLACE INTO mailbox_used (user, device, at)
          SELECT user, value, ? FROM mailbox, json_each(devices) WHERE user = ? AND value = ?`,
    params: [at, user, device],
  };
}
