import { openDatabase } from '../store/sqlite.ts';
import { type KeptCommand, quarantineContract } from './quarantine.contract.ts';
import { quarantineSchema, SqliteQuarantine } from './quarantine-store.ts';

quarantineContract('the quarantine on SQLite', async (now) => {
  const database = await openDatabase({ file: ':memory:', schema: quarantineSchema });
  return {
    another: async () => new SqliteQuarantine(database, now),
    async kept() {
      const rows = await database.read({ sql: 'SELECT at, kind, key, command, reason FROM quarantine', params: [] });
      return rows as readonly KeptCommand[]; // the columns named above
    },
    close: () => database.close(),
  };
});
