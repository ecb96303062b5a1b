import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { groupSchema, SqliteGroupStore } from './sqlite-store.ts';
import { groupStoreContract } from './store.contract.ts';

groupStoreContract('the group store on SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-groups-'));
  const open = () => openDatabase({ file: join(folder, 'parley.db'), schema: groupSchema });
  let database = await open();
  return {
    store: new SqliteGroupStore(database),
    async reopen() {
      await database.close();
      database = await open();
      return new SqliteGroupStore(database);
    },
    another: async () => new SqliteGroupStore(database),
    async close() {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
});
