// The embedded bus's durable queues: one row a frame, in one table, in the same file as the stores so that they share commits.
import type { Database, Statement } from '../store/database.ts';

export type StoredFrame = { readonly id: number; readonly queue: string; readonly body: string };

/** Frames that recovery reads at once. */
const PAGE_FRAMES = 500;

export const journalSchema = [
  'CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL)',
];

export class JournalStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds frames and removes settled ones in one unit. Throws as Database.write does. */
  async change(added: readonly StoredFrame[], removed: readonly number[]): Promise<void> {
    const statements: Statement[] = removed.map((id) => ({ sql: 'DELETE FROM journal WHERE id = ?', params: [id] }));
    for (const { id, queue, body } of added) {
      statements.push({ sql: 'INSERT INTO journal (id, queue, body) VALUES (?, ?, ?)', params: [id, queue, body] });
    }
    await this.#database.write(statements);
  }

  /** Frames with a greater id, oldest first; an empty list at the end. */
  async page(after: number): Promise<StoredFrame[]> {
    const rows = await this.#database.read({
      sql: 'SELECT id, queue, body FROM journal WHERE id > ? ORDER BY id LIMIT ?',
      params: [after, PAGE_FRAMES],
    });
    return rows.map(({ id, queue, body }) => ({ id: Number(id), queue: String(queue), body: String(body) }));
  }
}
