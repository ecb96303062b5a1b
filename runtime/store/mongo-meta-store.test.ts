import { openTestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { metaContract } from './meta.contract.ts';
import type { Keyed } from './mongo.ts';
import { MongoMetaStore } from './mongo-meta-store.ts';

describeOn('MONGO', 'on MongoDB', (server) => {
  metaContract('the facts about a store', async () => {
    const database = await openTestDatabase(server);
    const second = await database.another();
    let turn = 0;
    return {
      another(forms) {
        turn += 1;
        return new MongoMetaStore(turn % 2 ? database.mongo : second, forms);
      },
      async pretendVersion(version) {
        const meta = database.mongo.collection<Keyed & { value: string }>('meta');
        await meta.updateOne({ _id: 'schema' }, { $set: { value: version } });
      },
      close: () => database.close(),
    };
  });
});
