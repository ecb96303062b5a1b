import { openTestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { MongoMailboxStore } from './mongo-store.ts';
import { mailboxStoreContract } from './store.contract.ts';

describeOn('MONGO', 'on MongoDB', (server) => {
  mailboxStoreContract('the mailbox store', async () => {
    const database = await openTestDatabase(server);
    const open = async () => new MongoMailboxStore(await database.another());
    return {
      store: new MongoMailboxStore(database.mongo),
      reopen: open,
      another: open,
      close: () => database.close(),
    };
  });
});
