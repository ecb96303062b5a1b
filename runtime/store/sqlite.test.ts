import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { Conflict, type Database } from './database.ts';
import { openDatabase } from './sqlite.ts';

const schema = ['CREATE TABLE IF NOT EXISTS thing (id INTEGER PRIMARY KEY, text TEXT NOT NULL)'];
const insert = (id: number, text: string) => ({ sql: 'INSERT INTO thing VALUES (?, ?)', params: [id, text] });
const all = { sql: 'SELECT id, text FROM thing ORDER BY id', params: [] };

describe('the embedded database', () => {
  let folder: string;
  let database: Database;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-'));
    database = await openDatabase({ file: join(folder, 'a.db'), schema });
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  test('a read sees every write that was asked for before it', async () => {
    void database.write([insert(1, 'one')]);
    void database.write([insert(2, 'two')]);
    expect(await database.read(all)).toEqual([
      { id: 1, text: 'one' },
      { id: 2, text: 'two' },
    ]);
  });

  test('a unit that meets a conflict is undone alone', async () => {
    const [first, second, third] = await Promise.allSettled([
      database.write([insert(1, 'one')]),
      database.write([insert(2, 'two'), insert(1, 'again')]),
      database.write([insert(3, 'three')]),
    ]);
    expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((second as PromiseRejectedResult).reason).toBeInstanceOf(Conflict);
    expect((await database.read(all)).map((row) => row.id)).toEqual([1, 3]);
  });

  test('a write that changes another number of rows than expected is a conflict', async () => {
    const update = { sql: 'UPDATE thing SET text = ? WHERE id = ?', params: ['x', 9], expect: 1 };
    await expect(database.write([update])).rejects.toBeInstanceOf(Conflict);
  });

  test('a statement for a table that is not there fails alone, and works once there is one', async () => {
    const late = { sql: 'INSERT INTO late VALUES (1)', params: [] };
    await expect(database.write([late])).rejects.toBeInstanceOf(Unavailable);
    await database.write([{ sql: 'CREATE TABLE late (id INTEGER)', params: [] }]);
    expect(await database.write([late, insert(1, 'one')])).toEqual([1, 1]);
  });

  test('what was written is there after closing and opening again', async () => {
    await database.write([insert(7, 'seven')]);
    await database.close();
    database = await openDatabase({ file: join(folder, 'a.db'), schema });
    expect(await database.read(all)).toEqual([{ id: 7, text: 'seven' }]);
  });

  test('a second opener is refused while the first lives', async () => {
    await expect(openDatabase({ file: join(folder, 'a.db'), schema })).rejects.toMatchObject({ problem: 'locked' });
  });

  test('is nobody else’s to read, from its first file on, in a folder that all may enter', async () => {
    const modes = () =>
      Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]));
    const own = { 'a.db': 0o600, 'a.db-wal': 0o600 };
    await database.close();
    rmSync(join(folder, 'a.db'));
    chmodSync(folder, 0o755);
    database = await openDatabase({ file: join(folder, 'a.db'), schema });
    await database.write([insert(1, 'one')]);
    expect(modes()).toEqual(own);
    await database.close();
    for (const name of Object.keys(own)) writeFileSync(join(folder, name), '', { flag: 'a' });
    for (const name of Object.keys(own)) chmodSync(join(folder, name), 0o644);
    database = await openDatabase({ file: join(folder, 'a.db'), schema });
    await database.write([insert(2, 'two')]);
    expect(modes()).toEqual(own);
  });

  test('a file that is no database, and a folder that is none, are refused with their reason', async () => {
    writeFileSync(join(folder, 'b.db'), 'this is not a database, and long enough to be looked at'.repeat(40));
    await expect(openDatabase({ file: join(folder, 'b.db'), schema })).rejects.toMatchObject({ problem: 'damaged' });
    await expect(openDatabase({ file: join(folder, 'missing', 'c.db'), schema })).rejects.toMatchObject({
      problem: 'denied',
    });
  });
});
