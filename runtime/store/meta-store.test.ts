import { expect, test } from 'vitest';
import { metaContract } from './meta.contract.ts';
import { MetaStore, metaSchema } from './meta-store.ts';
import { openDatabase } from './sqlite.ts';

metaContract('the facts about a store on SQLite', async () => {
  const database = await openDatabase({ file: ':memory:', schema: metaSchema });
  return {
    another: (forms) => new MetaStore(database, forms),
    async pretendVersion(version) {
      await database.write([{ sql: "UPDATE meta SET value = ? WHERE name = 'schema'", params: [version] }]);
    },
    close: () => database.close(),
  };
});

test("data of the form before takes on this version's at the end of a start that worked, and the version before is refused then", async () => {
  const facts = { domain: 'example.org', partitions: 16 };
  const database = await openDatabase({ file: ':memory:', schema: metaSchema });
  const [before, after] = [new MetaStore(database, [1, 2]), new MetaStore(database, [2, 3])];
  await before.claim(facts);
  await after.check(facts);
  await before.check(facts); // the newer one's start failed after that: the way back is open
  await after.claim(facts);
  await expect(before.check(facts)).rejects.toThrow(
    'The data has the form of version 3; this version of Parley reads 1 and 2.',
  );
  await database.close();
});
