// What every AccountStore does, whatever it stands on.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import type { AccountStore, AccountWrite, OpenAccount } from './store.ts';

type StoreUnderTest = {
  readonly store: AccountStore;
  /** The same documents, as another process would find them. */
  reopen(): Promise<AccountStore>;
  /** Another owner of the same documents at the same time. */
  another(): Promise<AccountStore>;
  close(): Promise<void>;
};

/** `open(unknownNamesMax)` makes an empty store that keeps the tries of so many unknown names. */
export function accountStoreContract(name: string, open: (unknownNamesMax: number) => Promise<StoreUnderTest>): void {
  const UNKNOWN_NAMES_MAX = 3;
  const AL = 'al@localhost';
  const BO = 'bo@localhost';
  const account: OpenAccount = {
    status: 'open',
    userIdentifier: 'AAAAAAAAAAAAAAAAAAAAAA',
    record: 'a-record',
    vault: 'AAAA',
    log: [{ entry: 'AAAA', signature: 'BBBB', countersignature: 'CCCC' }],
  };
  const create = (invitation?: string): AccountWrite => ({
    type: 'account',
    was: 0,
    account,
    ...(invitation === undefined ? {} : { invitation }),
  });
  const tries = (was: number, count: number, known = true): AccountWrite => ({
    type: 'tries',
    known,
    was,
    tries: { count, at: 1_800_000_000_000 },
  });

  describe(`${name}`, () => {
    let under: StoreUnderTest;
    let store: AccountStore;
    beforeEach(async () => {
      under = await open(UNKNOWN_NAMES_MAX);
      store = under.store;
    });
    afterEach(() => under.close());

    test('keeps an account as it was written, also for the next process', async () => {
      expect(await store.load(AL)).toBeUndefined();
      await store.write(AL, [create()]);
      expect(await store.load(AL)).toEqual({ version: 1, value: account });
      expect(await store.load(BO)).toBeUndefined();
      expect(await (await under.reopen()).load(AL)).toEqual({ version: 1, value: account });
    });

    test('lets one of two writers of the same version through', async () => {
      await store.write(AL, [create()]);
      await expect(store.write(AL, [create()])).rejects.toBeInstanceOf(Conflict);
      const changed = (vault: string): AccountWrite => ({ type: 'account', was: 1, account: { ...account, vault } });
      const two = await under.another();
      const outcomes = await Promise.allSettled([store.write(AL, [changed('BBBB')]), two.write(AL, [changed('CCCC')])]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const vault = outcomes[0].status === 'fulfilled' ? 'BBBB' : 'CCCC';
      expect(await store.load(AL)).toEqual({ version: 2, value: { ...account, vault } });
    });

    test('keeps nothing of a deleted account but that its name is taken', async () => {
      await store.write(AL, [create(), tries(0, 1)]);
      await store.write(AL, [{ type: 'account', was: 1, account: { status: 'deleted', length: 2 } }]);
      expect(await store.load(AL)).toEqual({ version: 2, value: { status: 'deleted', length: 2 } });
      expect(await store.loadTries(AL, true)).toBeUndefined();
      await expect(store.write(AL, [create()])).rejects.toBeInstanceOf(Conflict);
    });

    test('takes an invitation once, and nothing of a write that brings a used one', async () => {
      expect(await store.invitationUsed('hash', AL)).toBe(false);
      await store.write(AL, [create('hash')]);
      expect(await store.invitationUsed('hash', AL)).toBe(true);
      expect(await store.invitationUsed('hash', BO)).toBe(true);
      await expect(store.write(BO, [create('hash')])).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(BO)).toBeUndefined();
    });

    test('lets one of two sign up who bring the same invitation at once', async () => {
      const two = await under.another();
      const outcomes = await Promise.allSettled([store.write(AL, [create('hash')]), two.write(BO, [create('hash')])]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const accounts = await Promise.all([store.load(AL), store.load(BO)]);
      expect(accounts.filter((kept) => kept !== undefined)).toHaveLength(1);
    });

    test('leaves the invitation to who found the name taken', async () => {
      await store.write(AL, [create('first')]);
      await expect(store.write(AL, [create('second')])).rejects.toBeInstanceOf(Conflict);
      expect(await store.invitationUsed('second', BO)).toBe(false);
      await store.write(BO, [create('second')]);
      expect(await store.invitationUsed('second', 'cy@localhost')).toBe(true);
      expect(await store.load(BO)).toEqual({ version: 1, value: account });
    });

    test('an invitation stays used when its account is deleted', async () => {
      await store.write(AL, [create('hash')]);
      await store.write(AL, [{ type: 'account', was: 1, account: { status: 'deleted', length: 2 } }]);
      expect(await store.invitationUsed('hash', BO)).toBe(true);
      await expect(store.write(BO, [create('hash')])).rejects.toBeInstanceOf(Conflict);
    });

    test.each([true, false])('keeps tries, fenced by their version (known name: %s)', async (known) => {
      expect(await store.loadTries(AL, known)).toBeUndefined();
      await store.write(AL, [tries(0, 1, known)]);
      await store.write(AL, [tries(1, 2, known)]);
      const kept = { version: 2, value: { count: 2, at: 1_800_000_000_000 } };
      expect(await store.loadTries(AL, known)).toEqual(kept);
      expect(await store.loadTries(AL, !known)).toBeUndefined();
      await expect(store.write(AL, [tries(1, 9, known)])).rejects.toBeInstanceOf(Conflict);
      expect(await (await under.reopen()).loadTries(AL, known)).toEqual(kept);
    });

    test('does nothing of what follows a write that meets a conflict', async () => {
      await store.write(AL, [create()]);
      await expect(store.write(AL, [create(), tries(0, 5)])).rejects.toBeInstanceOf(Conflict);
      expect(await store.loadTries(AL, true)).toBeUndefined();
      await store.write(BO, [tries(0, 1)]);
      await expect(store.write(BO, [tries(0, 5), create()])).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(BO)).toBeUndefined();
    });

    test('keeps the tries of a bounded number of unknown names, the last among them, and of every known one', async () => {
      const names = ['a1@localhost', 'a2@localhost', 'a3@localhost', 'a4@localhost', 'a5@localhost'];
      for (const address of names) {
        await store.write(address, [tries(0, 1, false)]);
        expect(await store.loadTries(address, false)).toBeDefined();
        await store.write(address, [tries(0, 1, true)]);
      }
      const unknown = await Promise.all(names.map((address) => store.loadTries(address, false)));
      expect(unknown.filter((kept) => kept !== undefined).length).toBeLessThanOrEqual(UNKNOWN_NAMES_MAX);
      const known = await Promise.all(names.map((address) => store.loadTries(address, true)));
      expect(known.every((kept) => kept !== undefined)).toBe(true);
    });

    test('keeps the first secret of a name, for every process the same', async () => {
      expect(await store.secret('setup')).toBeUndefined();
      expect(await store.keepSecret('setup', 'first')).toBe('first');
      expect(await store.keepSecret('setup', 'second')).toBe('first');
      expect(await (await under.reopen()).secret('setup')).toBe('first');
    });

    test('two instances that keep a secret at once keep the same', async () => {
      const stores = [store, await under.another()];
      const kept = await Promise.all(stores.map((one, index) => one.keepSecret('setup', `secret ${index}`)));
      expect(kept[0]).toBe(kept[1]);
    });

    test('takes names for what they are, not for statements', async () => {
      const hostile = `x'; DROP TABLE auth_accounts; --"\n{"$gt":""}`;
      await store.write(hostile, [create(hostile), tries(0, 1), tries(0, 1, false)]);
      expect(await store.load(hostile)).toEqual({ version: 1, value: account });
      expect(await store.load(AL)).toBeUndefined();
    });
  });
}
