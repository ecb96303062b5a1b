// A write of several steps that ends between any two of them leaves no account half made, and no invitation spent on nobody.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import { crashes, everyFault, failing } from '../../test/faults.fixture.ts';
import { openTestDatabase, type TestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { MongoAccountStore } from './mongo-store.ts';
import type { AccountWrite, OpenAccount } from './store.ts';

const BO = 'bo@localhost';
const account: OpenAccount = { status: 'open', userIdentifier: 'A', record: 'R', vault: 'V', log: [] };

describeOn('MONGO', 'an account in MongoDB whose owner crashes', (server) => {
  let database: TestDatabase;
  let store: MongoAccountStore;
  let names = 0;
  beforeEach(async () => {
    database = await openTestDatabase(server);
    store = new MongoAccountStore(database.mongo, randomBytes);
  });
  afterEach(() => database.close());

  const signUp = (invitation: string): AccountWrite => ({ type: 'account', was: 0, account, invitation });

  /** For each fault: `prepare` a new name, then `writes` with the fault, then `check`. */
  async function atEveryFault(
    prepare: (address: string) => Promise<readonly AccountWrite[]>,
    check: (address: string) => Promise<void>,
  ): Promise<void> {
    await everyFault(async (fault) => {
      names += 1;
      const address = `al${names}@localhost`;
      const writes = await prepare(address);
      const faulty = new MongoAccountStore(failing(database.mongo, fault), randomBytes);
      const outcome = await crashes(faulty.write(address, writes));
      await check(address);
      return outcome;
    });
  }

  test('while somebody signs up: the same person finishes with the same invitation, and nobody else uses it', async () => {
    await atEveryFault(
      async (address) => [signUp(`of ${address}`)],
      async (address) => {
        const invitation = `of ${address}`;
        const made = (await store.load(address)) !== undefined;
        expect(await store.invitationUsed(invitation, address)).toBe(made);
        if (!made) await store.write(address, [signUp(invitation)]);
        expect(await store.load(address)).toEqual({ version: 1, value: account });
        expect(await store.invitationUsed(invitation, BO)).toBe(true);
        await expect(store.write(BO, [signUp(invitation)])).rejects.toBeInstanceOf(Conflict);
        expect(await store.load(BO)).toBeUndefined();
      },
    );
  });

  test('while somebody signs up whose name is taken meanwhile: the invitation serves for another name', async () => {
    await atEveryFault(
      async (address) => [signUp(`of ${address}`)],
      async (address) => {
        if (await store.load(address)) return;
        await store.write(address, [{ type: 'account', was: 0, account }]);
        expect(await store.invitationUsed(`of ${address}`, `x${address}`)).toBe(false);
        await store.write(`x${address}`, [signUp(`of ${address}`)]);
        expect(await store.invitationUsed(`of ${address}`, address)).toBe(true);
      },
    );
  });

  test('while an account is deleted: it is there or it is not, and asked again it and its tries are gone', async () => {
    const tries: AccountWrite = { type: 'tries', known: true, was: 0, tries: { count: 2, at: 1 } };
    await atEveryFault(
      async (address) => {
        await store.write(address, [signUp(`of ${address}`), tries]);
        return [{ type: 'account', was: 1, account: { status: 'deleted', length: 2 } }];
      },
      async (address) => {
        const kept = await store.load(address);
        if (kept?.version === 1) {
          expect(kept.value).toEqual(account);
          await store.write(address, [{ type: 'account', was: 1, account: { status: 'deleted', length: 2 } }]);
        }
        expect(await store.load(address)).toEqual({ version: 2, value: { status: 'deleted', length: 2 } });
        expect(await store.loadTries(address, true)).toBeUndefined();
      },
    );
  });
});
