import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
