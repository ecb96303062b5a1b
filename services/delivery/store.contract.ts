// What every MailboxStore does, whatever it stands on. The fences are the point: two owners may write, only one may win.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import { CHUNK_NUMBERS, type MailboxStore, type MailboxWrite, type StoredItem } from './store.ts';

type StoreUnderTest = {
  readonly store: MailboxStore;
  /** The same mailboxes, as another process would find them. */
  reopen(): Promise<MailboxStore>;
  /** Another owner of the same mailboxes at the same time. */
  another(): Promise<MailboxStore>;
  close(): Promise<void>;
};

export function mailboxStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  const AL = 'al@localhost';
  /** The numbers of the first chunks. */
  const [N1, N2, N3] = [1 * CHUNK_NUMBERS, 2 * CHUNK_NUMBERS, 3 * CHUNK_NUMBERS];
  const N4 = 4 * CHUNK_NUMBERS;
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
    ({ type: 'account', length, devices, deleted, cursors, used: {} }) satisfies MailboxWrite;
  const append = (n: number, count: number) =>
    ({
      type: 'append',
      chunk: { n, items: Array.from({ length: count }, (_, i) => item(n + i)) },
      charges: { 'bo@localhost': count * 100, '': 7 },
    }) satisfies MailboxWrite;
  const used = (device: string, at: number): MailboxWrite => ({ type: 'used', device, at });
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
      await store.write(AL, [account(2, ['a1', 'a2'], { a1: N1, a2: N1 }), append(N1, 3), append(N2, 1)]);
      await store.write(AL, [cursor('a1', N1 + 2), used('a2', 1_800_000_000_000)]);
      const kept = {
        length: 2,
        devices: ['a1', 'a2'],
        deleted: false,
        next: N3,
        cursors: { a1: N1 + 2, a2: N1 },
        used: { a2: 1_800_000_000_000 },
        chunks: [
          { n: N1, count: 3, charges: { 'bo@localhost': 300, '': 7 } },
          { n: N2, count: 1, charges: { 'bo@localhost': 100, '': 7 } },
        ],
      };
      expect(await store.load(AL)).toEqual(kept);
      expect(await store.load(BO)).toBeUndefined();
      const again = await under.reopen();
      expect(await again.load(AL)).toEqual(kept);
      expect(await again.read(AL, 0, N3, 9)).toEqual([append(N1, 3).chunk, append(N2, 1).chunk]);
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
      const [one, two] = [store, await under.another()];
      const outcomes = await Promise.allSettled([one.write(AL, [append(N1, 2)]), two.write(AL, [append(N1, 1)])]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const lost = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(lost.reason).toBeInstanceOf(Conflict);
      const count = outcomes[0].status === 'fulfilled' ? 2 : 1;
      expect(await store.load(AL)).toMatchObject({ next: N2, chunks: [{ n: N1, count }] });
      expect(await store.read(AL, 0, N2, 9)).toEqual([append(N1, count).chunk]);
    });

    test('never gives a number twice, also after its chunk is gone', async () => {
      await store.write(AL, [account(1), append(N1, 3)]);
      await store.write(AL, [cursor('a1', N2), { type: 'trim', n: N1 }]);
      const late = await under.another();
      await expect(late.write(AL, [append(N1, 1)])).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(AL)).toMatchObject({ next: N2, chunks: [] });
      await store.write(AL, [append(N2, 1), append(N3, 1)]);
      await store.write(AL, [{ type: 'remove', n: N3 }]);
      await expect(late.write(AL, [append(N3, 1)])).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(AL)).toMatchObject({ next: N4, chunks: [{ n: N2 }] });
    });

    test('appends to no mailbox that does not exist', async () => {
      await expect(store.write(AL, [append(N1, 1)])).rejects.toBeInstanceOf(Conflict);
      expect(await store.read(AL, 0, N2, 9)).toEqual([]);
      await store.write(AL, [account(1)]);
      expect(await store.load(AL)).toMatchObject({ next: N1, chunks: [] });
    });

    test('keeps every kind of item as it is', async () => {
      const message = item(1);
      if (message.item?.type !== 'message') expect.fail('a message');
      const [times, group] = [
        { receivedAt: 1, expiresAt: 2 },
        { name: 'team@localhost', number: 3, persons: 4 },
      ];
      const entries = [{ entry: 'entry', signature: 'signature' }];
      const entry = { id: 'id', device: 'a1', by: BO, tag: 'tag' };
      const kinds: StoredItem['item'][] = [
        { ...message.item, group },
        { type: 'entries', name: 'team@localhost', group: 'id', number: 5, entries, from: BO, ...times },
        { type: 'notice', notice: { kind: 'group.delivered', conversation: 'team', entries: [entry] }, ...times },
      ];
      const items = kinds.map((kind): StoredItem => ({ item: kind, devices: ['a1'], taken: true }));
      const charges = { [BO]: 1, [`#${BO}`]: 2, '': 3 };
      await store.write(AL, [account(1), { type: 'append', chunk: { n: N1, items }, charges }]);
      const again = await under.reopen();
      expect(await again.read(AL, 0, N2, 9)).toEqual([{ n: N1, items }]);
      expect((await again.load(AL))?.chunks).toEqual([{ n: N1, count: 3, charges }]);
    });

    test('raises a cursor and never lowers it, neither by the account', async () => {
      await store.write(AL, [account(1), cursor('a1', 5)]);
      await store.write(AL, [cursor('a1', 3)]);
      await store.write(AL, [account(2, ['a1', 'a2'], { a1: 1, a2: 4 })]);
      expect((await store.load(AL))?.cursors).toEqual({ a1: 5, a2: 4 });
    });

    test('raises a cursor from several instances at once to the highest', async () => {
      const [one, two] = [store, await under.another()];
      await store.write(AL, [account(1)]);
      const numbers = Array.from({ length: 20 }, (_, i) => N1 + ((i * 7) % 20));
      await Promise.all(numbers.map((n, i) => (i % 2 ? one : two).write(AL, [cursor('a1', n)])));
      expect((await store.load(AL))?.cursors).toEqual({ a1: N1 + 19 });
    });

    test('keeps when a device was used last as it was said last, and nothing of one that is not in use', async () => {
      await store.write(AL, [used('a1', 1)]);
      expect(await store.load(AL)).toBeUndefined();
      await store.write(AL, [account(1, ['a1', 'a2']), used('a1', 9), used('a2', 8), used('a3', 7)]);
      await store.write(AL, [used('a1', 5)]);
      expect((await store.load(AL))?.used).toEqual({ a1: 5, a2: 8 });
      await store.write(AL, [{ ...account(2, ['a1', 'a3']), used: { a1: 5 } }, used('a2', 10)]);
      expect((await store.load(AL))?.used).toEqual({ a1: 5 });
      expect((await (await under.another()).load(AL))?.used).toEqual({ a1: 5 });
    });

    test('keeps when the user was last seen as it was said last, until the account is deleted', async () => {
      const seen = (at: number): MailboxWrite => ({ type: 'seen', at });
      await store.write(AL, [seen(1)]);
      expect(await store.load(AL)).toBeUndefined();
      await store.write(AL, [account(1)]);
      expect((await store.load(AL))?.seen).toBeUndefined();
      await store.write(AL, [seen(1_800_000_060_000), seen(1_800_000_000_000), used('a1', 3)]);
      await store.write(AL, [account(2, ['a1', 'a2'])]);
      expect((await (await under.another()).load(AL))?.seen).toBe(1_800_000_000_000);
      await store.write(AL, [account(2, [], {}, true), seen(1_800_000_120_000)]);
      expect((await store.load(AL))?.seen).toBeUndefined();
    });

    test.each(['trim', 'remove'] as const)('removing a chunk twice is harmless (%s)', async (type) => {
      await store.write(AL, [account(1), append(N1, 2), append(N2, 1)]);
      await store.write(AL, [{ type, n: N1 }]);
      await store.write(AL, [
        { type, n: N1 },
        { type, n: N1 },
      ]);
      const left = { n: N2, count: 1, charges: { 'bo@localhost': 100, '': 7 } };
      expect(await store.load(AL)).toMatchObject({ next: N3, chunks: [left] });
    });

    test('finds what is stored beyond a hole, however wide', async () => {
      const last = 200;
      const all = Array.from({ length: last }, (_, i) => append((i + 1) * CHUNK_NUMBERS, 1));
      await store.write(AL, [account(1), ...all]);
      const middle = all.slice(1, -1).map(({ chunk: { n } }): MailboxWrite => ({ type: 'remove', n }));
      await store.write(AL, middle);
      const next = (last + 1) * CHUNK_NUMBERS;
      const chunks = [{ n: N1 }, { n: last * CHUNK_NUMBERS }];
      expect(await (await under.another()).load(AL)).toMatchObject({ next, chunks });
      expect(await store.read(AL, 0, next, 2)).toMatchObject(chunks);
      await store.write(AL, [append(next, 1)]);
      expect(await store.load(AL)).toMatchObject({ chunks: [...chunks, { n: next }] });
    });

    test('reads from the middle of a chunk, in order, as many chunks as asked for', async () => {
      await store.write(AL, [account(1), append(N1, 3), append(N2, 2), append(N3, 1)]);
      const numbers = async (from: number, before: number, limit: number) =>
        (await store.read(AL, from, before, limit)).map(({ n }) => n);
      expect(await numbers(0, N4, 9)).toEqual([N1, N2, N3]);
      expect(await numbers(N1 + 2, N4, 2)).toEqual([N1, N2]);
      expect(await numbers(N1 + 3, N4, 2)).toEqual([N2, N3]);
      expect(await numbers(N2, N3, 2)).toEqual([N2]);
      expect(await numbers(N3, N4, 2)).toEqual([N3]);
      expect(await numbers(N3 + 1, N4, 2)).toEqual([]);
      expect(await store.read(BO, 0, N4, 9)).toEqual([]);
    });

    test('puts a chunk with emptied items in the place of the old one; the numbers of the others stay', async () => {
      await store.write(AL, [account(1), append(N1, 2)]);
      const left = { n: N1, items: [{ item: null, devices: [], taken: true }, item(N1 + 1)] };
      await store.write(AL, [{ type: 'replace', chunk: left, charges: { 'bo@localhost': 100, '': 7 } }]);
      expect(await store.read(AL, N1 + 1, N2, 1)).toEqual([left]);
      expect(await store.load(AL)).toMatchObject({
        next: N2,
        chunks: [{ n: N1, count: 2, charges: { 'bo@localhost': 100, '': 7 } }],
      });
    });

    test('replacing a chunk that is gone does not bring it back', async () => {
      await store.write(AL, [account(1), append(N1, 1)]);
      await store.write(AL, [{ type: 'remove', n: N1 }]);
      await store.write(AL, [{ type: 'replace', chunk: append(N1, 1).chunk, charges: { 'bo@localhost': 100, '': 7 } }]);
      expect((await store.load(AL))?.chunks).toEqual([]);
    });

    test('does nothing of what follows a write that meets a conflict', async () => {
      await store.write(AL, [account(1), append(N1, 1)]);
      const lost = [append(N1, 2), append(N2, 1), cursor('a1', N2), account(2)];
      await expect(store.write(AL, lost)).rejects.toBeInstanceOf(Conflict);
      await expect(store.write(AL, [account(1), append(N2, 1)])).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(AL)).toMatchObject({ length: 1, next: N2, cursors: {}, chunks: [{ n: N1, count: 1 }] });
    });

    test('pages through the users that have something stored', async () => {
      const users = ['a@x', 'b@x', 'c@x', 'd@x', 'Z@x'];
      for (const user of users) await store.write(user, [account(1), append(N1, 1), append(N2, 1)]);
      await store.write('empty@x', [account(1)]);
      expect(await store.users('', 3)).toEqual(['Z@x', 'a@x', 'b@x']);
      expect(await store.users('b@x', 3)).toEqual(['c@x', 'd@x']);
      expect(await store.users('d@x', 3)).toEqual([]);
    });

    test('tells of every chunk once in a survey: whose it is, how many items it has and what they count for', async () => {
      const surveyed = async (from: MailboxStore) => {
        const chunks: string[] = [];
        await from.survey(({ user, items, bytes }) => chunks.push(`${user} ${items} ${bytes}`));
        return chunks.sort();
      };
      expect(await surveyed(store)).toEqual([]);
      await store.write(AL, [account(1), append(N1, 3), append(N2, 1)]);
      await store.write('a/b', [account(1), append(N1, 2)]);
      const expected = ['a/b 2 207', `${AL} 1 107`, `${AL} 3 307`];
      expect(await surveyed(store)).toEqual(expected);
      expect(await surveyed(await under.another())).toEqual(expected);
      const left = { n: N1, items: [item(N1), ...[1, 2].map(() => ({ item: null, devices: [], taken: true }))] };
      await store.write(AL, [
        { type: 'replace', chunk: left, charges: { [BO]: 100 } },
        { type: 'remove', n: N2 },
      ]);
      expect(await surveyed(await under.reopen())).toEqual(['a/b 2 207', `${AL} 3 100`]);
    });

    test('tells of many chunks in a survey, also while some are removed', async () => {
      const users = Array.from({ length: 60 }, (_, i) => `u${i}@x`);
      const numbers = Array.from({ length: 20 }, (_, i) => (i + 1) * CHUNK_NUMBERS);
      for (const user of users) await store.write(user, [account(1), ...numbers.map((n) => append(n, 1))]);
      const seen = new Map<string, number>();
      let removing: Promise<void> | undefined;
      await store.survey(({ user }) => {
        seen.set(user, (seen.get(user) ?? 0) + 1);
        removing ??= store.write('u59@x', [{ type: 'remove', n: N1 }]);
      });
      await removing;
      const last = seen.get('u59@x');
      expect([numbers.length - 1, numbers.length]).toContain(last);
      expect([...seen].filter(([, chunks]) => chunks !== numbers.length && chunks !== last)).toEqual([]);
      expect(seen.size).toBe(users.length);
    });

    test('takes names for what they are, not for statements', async () => {
      const hostile = `x'; DROP TABLE chunk; --"\n{"$gt":""}`;
      await store.write(hostile, [account(1, [hostile], { [hostile]: 1 }), append(N1, 1)]);
      await store.write(hostile, [cursor(hostile, N2), used(hostile, 3)]);
      const kept = { devices: [hostile], cursors: { [hostile]: N2 }, used: { [hostile]: 3 }, next: N2 };
      expect(await store.load(hostile)).toMatchObject(kept);
      expect(await store.users('', 9)).toEqual([hostile]);
      expect(await store.load(AL)).toBeUndefined();
    });
  });
}
