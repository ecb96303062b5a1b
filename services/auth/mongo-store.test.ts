import { randomBytes } from 'node:crypto';
import { openTestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { MongoAccountStore } from './mongo-store.ts';
import { accountStoreContract } from './store.contract.ts';

describeOn('MONGO', 'on MongoDB', (server) => {
  accountStoreContract('the account store', async (unknownNamesMax) => {
    const database = await openTestDatabase(server);
    const open = async () => new MongoAccountStore(await database.another(), randomBytes, unknownNamesMax);
    return { store: await open(), reopen: open, another: open, close: () => database.close() };
  });
});
