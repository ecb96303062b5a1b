// What every MailboxStore does, whatever it stands on. The fences are the point: two owners may write, only one may win.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import type { MailboxStore, MailboxWrite, StoredItem } from './store.ts';

type StoreUnderTest = {
  readonly store: MailboxStore;
  /** The same mailboxes, as another process would find them. */
  reopen(): Promise<MailboxStore>;
  close(): Promise<void>;
};

export function mailboxStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  const AL = 'al@localhost';
  const BO = 'bo@localhost';

  const item = (seq: number): StoredItem => ({
    item: {
      type: 'message',
      id: `id ${seq}`,
      from: BO,
      device: 'b1',
      conversation: `${AL} ${BO}`,
      seq,
      header: 'header',
      body: 'body',
      slots: { a1: 'slot' },
      receivedAt: 1_800_000_000_000,
      expiresAt: 1_900_000_000_000,
    },
    devices: ['a1'],
    taken: false,
  });
  const account = (length: number, devices = ['a1'], cursors: Record<string, number> = {}, deleted = false) =>
    ({ type: 'account', length, devices, deleted, cursors }) satisfies MailboxWrite;
  const append = (n: number, count: number) =>
    ({
      type: 'append',
      chunk: { n, items: Array.from({ length: count }, (_, i) => item(n + i)) },
      charges: { 'bo@localhost': count * 100, '': 7 },
    }) satisfies MailboxWrite;
  const cursor = (device: string, n: number): MailboxWrite => ({ type: 'cursor', device, n });

  describe(name, () => {
    let under: StoreUnderTest;
    let store: MailboxStore;
    beforeEach(async () => {
      under = await open();
      store = under.store;
    });
    afterEach(() => under.close());

    test('knows no mailbox before its account; then keeps it, also for the next process', async () => {
      expect(await store.load(AL)).toBeUndefined();
      await store.write(AL, [account(2, ['a1', 'a2'], { a1: 1, a2: 1 }), append(1, 3), append(4, 1), cursor('a1', 3)]);
      const kept = {
        length: 2,
        devices: ['a1', 'a2'],
        deleted: false,
        next: 5,
        cursors: { a1: 3, a2: 1 },
        chunks: [
          { n: 1, count: 3, charges: { 'bo@localhost': 300, '': 7 } },
          { n: 4, count: 1, charges: { 'bo@localhost': 100, '': 7 } },
        ],
      };
      expect(await store.load(AL)).toEqual(kept);
      expect(await store.load(BO)).toBeUndefined();
      const again = await under.reopen();
      expect(await again.load(AL)).toEqual(kept);
      expect(await again.read(AL, 1, 9)).toEqual([append(1, 3).chunk, append(4, 1).chunk]);
    });

    test('takes a longer account log only, or the end of an account', async () => {
      await store.write(AL, [account(2)]);
      await expect(store.write(AL, [account(2, ['other'])])).rejects.toBeInstanceOf(Conflict);
      await expect(store.write(AL, [account(1, ['other'])])).rejects.toBeInstanceOf(Conflict);
      expect((await store.load(AL))?.devices).toEqual(['a1']);
      await store.write(AL, [account(2, [], {}, true)]);
      expect(await store.load(AL)).toMatchObject({ length: 2, devices: [], deleted: true });
      await expect(store.write(AL, [account(2, [], {}, true)])).rejects.toBeInstanceOf(Conflict);
    });

    test('lets one of two owners append under a number', async () => {
      await store.write(AL, [account(1)]);
      const outcomes = await Promise.allSettled([store.write(AL, [append(1, 2)]), store.write(AL, [append(1, 1)])]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(Conflict);
      await expect(store.write(AL, [append(2, 1)])).rejects.toBeInstanceOf(Conflict);
      expect((await store.load(AL))?.chunks).toEqual([{ n: 1, count: 2, charges: { 'bo@localhost': 200, '': 7 } }]);
    });

    test('never gives a number twice, also after its chunk is gone', async () => {
      await store.write(AL, [account(1), append(1, 3)]);
      await store.write(AL, [cursor('a1', 4), { type: 'remove', n: 1 }]);
      await expect(store.write(AL, [append(1, 1)])).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(AL)).toMatchObject({ next: 4, chunks: [] });
      await store.write(AL, [append(4, 1)]);
      expect((await store.load(AL))?.next).toBe(5);
    });

    test('appends to no mailbox that does not exist', async () => {
      await expect(store.write(AL, [append(1, 1)])).rejects.toBeInstanceOf(Conflict);
      expect(await store.read(AL, 0, 9)).toEqual([]);
    });

    test('raises a cursor and never lowers it, neither by the account', async () => {
      await store.write(AL, [account(1), cursor('a1', 5)]);
      await store.write(AL, [cursor('a1', 3)]);
      await store.write(AL, [account(2, ['a1', 'a2'], { a1: 1, a2: 4 })]);
      expect((await store.load(AL))?.cursors).toEqual({ a1: 5, a2: 4 });
    });

    test('removing a chunk twice is harmless', async () => {
      await store.write(AL, [account(1), append(1, 2), append(3, 1)]);
      await store.write(AL, [{ type: 'remove', n: 1 }]);
      await store.write(AL, [
        { type: 'remove', n: 1 },
        { type: 'remove', n: 1 },
      ]);
      expect((await store.load(AL))?.chunks).toEqual([{ n: 3, count: 1, charges: { 'bo@localhost': 100, '': 7 } }]);
    });

    test('reads from the middle of a chunk, in order, as many chunks as asked for', async () => {
      await store.write(AL, [account(1), append(1, 3), append(4, 2), append(6, 1)]);
      const numbers = async (from: number, limit: number) => (await store.read(AL, from, limit)).map(({ n }) => n);
      expect(await numbers(0, 9)).toEqual([1, 4, 6]);
      expect(await numbers(3, 2)).toEqual([1, 4]);
      expect(await numbers(4, 2)).toEqual([4, 6]);
      expect(await numbers(6, 2)).toEqual([6]);
      expect(await numbers(7, 2)).toEqual([]);
      expect(await store.read(BO, 0, 9)).toEqual([]);
    });

    test('puts a chunk with emptied items in the place of the old one; the numbers of the others stay', async () => {
      await store.write(AL, [account(1), append(1, 2)]);
      const left = { n: 1, items: [{ item: null, devices: [], taken: true }, item(2)] };
      await store.write(AL, [{ type: 'replace', chunk: left, charges: { 'bo@localhost': 100, '': 7 } }]);
      expect(await store.read(AL, 2, 1)).toEqual([left]);
      expect(await store.load(AL)).toMatchObject({
        next: 3,
        chunks: [{ n: 1, count: 2, charges: { 'bo@localhost': 100, '': 7 } }],
      });
    });

    test('replacing a chunk that is gone does not bring it back', async () => {
      await store.write(AL, [account(1), append(1, 1)]);
      await store.write(AL, [{ type: 'remove', n: 1 }]);
      await store.write(AL, [{ type: 'replace', chunk: append(1, 1).chunk, charges: { 'bo@localhost': 100, '': 7 } }]);
      expect((await store.load(AL))?.chunks).toEqual([]);
    });

    test('performs the writes of a turn all or none', async () => {
      await store.write(AL, [account(1), append(1, 1)]);
      const lost = [append(2, 1), cursor('a1', 2), append(1, 1)];
      await expect(store.write(AL, lost)).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(AL)).toMatchObject({ next: 2, cursors: {}, chunks: [{ n: 1 }] });
    });

    test('pages through the users that have something stored', async () => {
      const users = ['a@x', 'b@x', 'c@x', 'd@x', 'Z@x'];
      for (const user of users) await store.write(user, [account(1), append(1, 1), append(2, 1)]);
      await store.write('empty@x', [account(1)]);
      expect(await store.users('', 3)).toEqual(['Z@x', 'a@x', 'b@x']);
      expect(await store.users('b@x', 3)).toEqual(['c@x', 'd@x']);
      expect(await store.users('d@x', 3)).toEqual([]);
    });

    test('takes names for what they are, not for statements', async () => {
      const hostile = `x'; DROP TABLE chunk; --"\n{"$gt":""}`;
      await store.write(hostile, [account(1, [hostile], { [hostile]: 1 }), append(1, 1), cursor(hostile, 2)]);
      expect(await store.load(hostile)).toMatchObject({ devices: [hostile], cursors: { [hostile]: 2 }, next: 2 });
      expect(await store.users('', 9)).toEqual([hostile]);
      expect(await store.load(AL)).toBeUndefined();
    });
  });
}
