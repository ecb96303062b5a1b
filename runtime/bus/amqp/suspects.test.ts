import { openTestDatabase } from '../../../test/mongo.fixture.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import { MemorySuspects } from './broker.fixture.ts';
import { MongoSuspects } from './mongo-suspects-store.ts';
import { suspectsContract } from './suspects.contract.ts';

suspectsContract('suspects in memory', async () => {
  const suspects = new MemorySuspects();
  return { another: () => suspects, close: async () => {} };
});

describeOn('MONGO', 'on MongoDB', (server) => {
  suspectsContract('suspects', async () => {
    const database = await openTestDatabase(server);
    const second = await database.another();
    let turn = 0;
    return {
      another() {
        turn += 1;
        return new MongoSuspects(turn % 2 ? database.mongo : second);
      },
      close: () => database.close(),
    };
  });
});
