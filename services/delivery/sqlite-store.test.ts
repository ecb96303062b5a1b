import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { mailboxSchema, SqliteMailboxStore } from './sqlite-store.ts';
import { mailboxStoreContract } from './store.contract.ts';

mailboxStoreContract('the mailbox store on SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-delivery-'));
  const open = () => openDatabase({ file: join(folder, 'parley.db'), schema: mailboxSchema });
  let database = await open();
  return {
    store: new SqliteMailboxStore(database),
    async reopen() {
      await database.close();
      database = await open();
      return new SqliteMailboxStore(database);
    },
    async another() {
      return new SqliteMailboxStore(database);
    },
    async close() {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
});

test('a database from before the times of last use is read, and has them from then on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-delivery-'));
  const file = join(folder, 'parley.db');
  const before = await openDatabase({ file, schema: mailboxSchema });
  const account = { type: 'account', length: 1, devices: ['a1'], deleted: false, cursors: { a1: 64 } } as const;
  await new SqliteMailboxStore(before).write('al@localhost', [{ ...account, used: {} }]);
  await before.write([{ sql: 'DROP TABLE mailbox_used', params: [] }]);
  await before.close();
  const database = await openDatabase({ file, schema: mailboxSchema });
  const store = new SqliteMailboxStore(database);
  expect(await store.load('al@localhost')).toMatchObject({ devices: ['a1'], used: {} });
  await store.write('al@localhost', [{ type: 'used', device: 'a1', at: 5 }]);
  expect(await store.load('al@localhost')).toMatchObject({ used: { a1: 5 } });
  await database.close();
  rmSync(folder, { recursive: true });
});
