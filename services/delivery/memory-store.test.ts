import { MemoryMailboxStore } from './memory-store.fixture.ts';
import { mailboxStoreContract } from './store.contract.ts';

mailboxStoreContract('the mailbox store that the tests of mailboxes use', async () => {
  const store = new MemoryMailboxStore();
  return { store, reopen: async () => store, another: async () => store, close: async () => {} };
});
