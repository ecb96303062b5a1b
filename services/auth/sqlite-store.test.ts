import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { SqliteAccountStore, schema } from './sqlite-store.ts';
import { accountStoreContract } from './store.contract.ts';

accountStoreContract('the account store on SQLite', async (unknownNamesMax) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-auth-'));
  const open = () => openDatabase({ file: join(folder, 'parley.db'), schema });
  let database = await open();
  return {
    store: new SqliteAccountStore(database, unknownNamesMax),
    async reopen() {
      await database.close();
      database = await open();
      return new SqliteAccountStore(database, unknownNamesMax);
    },
    async another() {
      return new SqliteAccountStore(database, unknownNamesMax);
    },
    async close() {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
});
