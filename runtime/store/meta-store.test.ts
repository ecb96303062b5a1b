import { metaContract } from './meta.contract.ts';
import { MetaStore, metaSchema } from './meta-store.ts';
import { openDatabase } from './sqlite.ts';

metaContract('the facts about a store on SQLite', async () => {
  const database = await openDatabase({ file: ':memory:', schema: metaSchema });
  return {
    another: () => new MetaStore(database),
    async pretendVersion(version) {
      await database.write([{ sql: "UPDATE meta SET value = ? WHERE name = 'schema'", params: [version] }]);
    },
    close: () => database.close(),
  };
});
