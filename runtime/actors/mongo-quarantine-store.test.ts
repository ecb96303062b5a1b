import { openTestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { MongoQuarantine } from './mongo-quarantine-store.ts';
import { type KeptCommand, quarantineContract } from './quarantine.contract.ts';

describeOn('MONGO', 'on MongoDB', (server) => {
  quarantineContract('the quarantine', async (now) => {
    const database = await openTestDatabase(server);
    return {
      another: async () => new MongoQuarantine(await database.another(), now),
      async kept() {
        const documents = await database.mongo.collection<KeptCommand & { _id: string }>('quarantine').find().toArray();
        return documents.map(({ _id, ...kept }) => kept);
      },
      close: () => database.close(),
    };
  });
});
