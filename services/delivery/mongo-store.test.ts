import { expect, test } from 'vitest';
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

  test('a head from before the times of last use is read, and has them from then on', async () => {
    const database = await openTestDatabase(server);
    const store = new MongoMailboxStore(database.mongo);
    const account = { type: 'account', length: 1, devices: ['a1'], deleted: false, cursors: { a1: 64 } } as const;
    await store.write('al@localhost', [{ ...account, used: {} }]);
    await database.mongo.collection('mailbox').updateOne({ _id: 'al@localhost' }, { $unset: { used: '' } });
    expect(await store.load('al@localhost')).toMatchObject({ devices: ['a1'], used: {} });
    await store.write('al@localhost', [{ type: 'used', device: 'a1', at: 5 }]);
    expect(await store.load('al@localhost')).toMatchObject({ used: { a1: 5 } });
    await database.close();
  });
});
