// What every GroupStore does, whatever it stands on.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import type { Change, GroupRecord, GroupStore, Mark } from './store.ts';

type StoreUnderTest = {
  readonly store: GroupStore;
  /** The same documents, as another process would find them. */
  reopen(): Promise<GroupStore>;
  /** Another owner of the same documents at the same time. */
  another(): Promise<GroupStore>;
  close(): Promise<void>;
};

const TEAM = 'team@localhost';
const [AL, BO] = ['al@localhost', 'bo@localhost'];
const AT = 1_800_000_000_000;
const all = (): boolean => true;

const changed = (change: Partial<Change> = {}): Change => ({
  ...{ policy: 'closed', members: 1, deleted: false, listed: false, membership: {} },
  ...change,
});

/** The record of one entry, number `n` of the name. */
export function entryRecord(
  n: number,
  index: number,
  change: Partial<Change> = {},
  group = 'G1',
  base = 0,
): GroupRecord {
  const entries = [{ number: n - base, entry: `E${group}${index}`, signature: `S${index}` }];
  return { n, count: 1, at: AT, group, base, marks: [], first: index, entries, change: changed(change) };
}

export const markOf = (number: number, id: string, at = AT): Mark => ({
  ...{ device: 'A1', id, number, mh: `MH${id}`, epoch: 0, persons: 2, at },
});

/** The record of messages from number `n` on. */
export function messageRecord(n: number, ids: readonly string[], at = AT, group = 'G1'): GroupRecord {
  const marks = ids.map((id, offset) => markOf(n + offset, id, at));
  return { n, count: ids.length, at, group, base: 0, marks, first: 0, entries: [] };
}

export function groupStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}`, () => {
    let under: StoreUnderTest;
    let store: GroupStore;
    beforeEach(async () => {
      under = await open();
      store = under.store;
    });
    afterEach(() => under.close());

    test('keeps a group’s log and where its sequence goes on, also for the next process', async () => {
      expect(await store.load(TEAM)).toBeUndefined();
      await store.write(TEAM, [entryRecord(1, 0), messageRecord(2, ['m1', 'm2']), entryRecord(4, 1)]);
      const entries = [
        { entry: 'EG10', signature: 'S0' },
        { entry: 'EG11', signature: 'S1' },
      ];
      const kept = { group: 'G1', base: 0, next: 5, entries };
      expect(await store.load(TEAM)).toEqual(kept);
      expect(await store.load('other@localhost')).toBeUndefined();
      expect(await (await under.reopen()).load(TEAM)).toEqual(kept);
    });

    test('gives each entry with its number, a page at a time', async () => {
      await store.write(TEAM, [entryRecord(1, 0), messageRecord(2, ['m1']), entryRecord(3, 1), entryRecord(4, 2)]);
      const numbers = async (from: number, before: number) =>
        (await store.entries('G1', from, before)).map(({ number, entry }) => [number, entry]);
      expect(await numbers(0, 2)).toEqual([
        [1, 'EG10'],
        [3, 'EG11'],
      ]);
      expect(await numbers(2, 64)).toEqual([[4, 'EG12']]);
      expect(await numbers(3, 64)).toEqual([]);
      expect(await store.entries('G2', 0, 64)).toEqual([]);
    });

    test('finds what was accepted under a message id of a device, in its group alone', async () => {
      await store.write(TEAM, [entryRecord(1, 0), messageRecord(2, ['m1', 'm2'])]);
      const keys = ['m2', 'm3', 'm1'].map((id) => ({ device: 'A1', id }));
      expect(await store.marks('G1', keys)).toEqual([markOf(3, 'm2'), undefined, markOf(2, 'm1')]);
      expect(await store.marks('G2', keys)).toEqual([undefined, undefined, undefined]);
      expect(await store.marks('G1', [{ device: 'A2', id: 'm1' }])).toEqual([undefined]);
    });

    test('lets one of two writers of the same number through, whatever it brings', async () => {
      await store.write(TEAM, [entryRecord(1, 0)]);
      const two = await under.another();
      const outcomes = await Promise.allSettled([
        store.write(TEAM, [messageRecord(2, ['m1'])]),
        two.write(TEAM, [messageRecord(2, ['m2'])]),
      ]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const [won, lost] = outcomes[0].status === 'fulfilled' ? ['m1', 'm2'] : ['m2', 'm1'];
      const found = await store.marks('G1', [
        { device: 'A1', id: won },
        { device: 'A1', id: lost },
      ]);
      expect(found).toEqual([markOf(2, won), undefined]);
      expect(await store.load(TEAM)).toMatchObject({ next: 3 });
      await expect(two.write(TEAM, [entryRecord(2, 1)])).rejects.toBeInstanceOf(Conflict);
    });

    test('creates a name once', async () => {
      await store.write(TEAM, [entryRecord(1, 0)]);
      const create = entryRecord(1, 0, {}, 'G2');
      await expect((await under.another()).write(TEAM, [create])).rejects.toBeInstanceOf(Conflict);
      expect(await store.load(TEAM)).toMatchObject({ group: 'G1' });
    });

    test('gives a name to another group when its group is deleted, whose numbers go on in the name’s sequence', async () => {
      await store.write(TEAM, [entryRecord(1, 0), entryRecord(2, 1, { deleted: true })]);
      await store.write(TEAM, [entryRecord(3, 0, {}, 'G2', 2), entryRecord(4, 1, {}, 'G2', 2)]);
      expect(await store.load(TEAM)).toMatchObject({ group: 'G2', base: 2, next: 5 });
      expect((await store.load(TEAM))?.entries).toHaveLength(2);
      expect((await store.entries('G2', 0, 64)).map(({ number }) => number)).toEqual([1, 2]);
      await expect(store.write(TEAM, [messageRecord(3, ['m1'])])).rejects.toBeInstanceOf(Conflict);
    });

    test('lists the groups that somebody is in, by name, page by page', async () => {
      const joins = { members: 2, membership: { [AL]: true, [BO]: true } };
      for (const group of ['cc', 'aa', 'bb']) {
        await store.write(`${group}@localhost`, [entryRecord(1, 0, joins, `G${group}`)]);
      }
      const listed = async (user: string, after: string, limit: number) =>
        (await store.groupsOf(user, after, limit)).map((one) => one.name);
      expect(await store.groupsOf(AL, '', 1)).toEqual([
        { name: 'aa@localhost', group: 'Gaa', policy: 'closed', members: 2 },
      ]);
      expect(await listed(AL, 'aa@localhost', 5)).toEqual(['bb@localhost', 'cc@localhost']);
      const leaves = entryRecord(2, 1, { membership: { [BO]: false } }, 'Gbb');
      await store.write('bb@localhost', [leaves]);
      expect(await listed(BO, '', 5)).toEqual(['aa@localhost', 'cc@localhost']);
      expect(await store.groupsOf(AL, 'aa@localhost', 1)).toMatchObject([{ name: 'bb@localhost', members: 1 }]);
      await store.write('bb@localhost', [entryRecord(3, 2, { membership: { [BO]: true } }, 'Gbb')]);
      expect(await listed(BO, '', 5)).toEqual(['aa@localhost', 'bb@localhost', 'cc@localhost']);
      expect(await listed('b@localhost', '', 5)).toEqual([]);
    });

    test('lists open groups alone, as long as they are open and not deleted', async () => {
      await store.write('aa@localhost', [entryRecord(1, 0, { policy: 'open', listed: true }, 'GA')]);
      await store.write('bb@localhost', [entryRecord(1, 0, {}, 'GB')]);
      await store.write('cc@localhost', [entryRecord(1, 0, { policy: 'lobby', listed: true, members: 7 }, 'GC')]);
      const names = async (after = '', limit = 5) => (await store.openGroups(after, limit)).map((one) => one.name);
      expect(await store.openGroups('aa@localhost', 5)).toEqual([
        { name: 'cc@localhost', group: 'GC', policy: 'lobby', members: 7 },
      ]);
      expect(await names('', 1)).toEqual(['aa@localhost']);
      await store.write('cc@localhost', [entryRecord(2, 1, { policy: 'lobby', listed: true, deleted: true }, 'GC')]);
      await store.write('aa@localhost', [entryRecord(2, 1, { listed: true }, 'GA')]);
      expect(await names()).toEqual([]);
      await store.write('aa@localhost', [entryRecord(3, 2, { policy: 'open', listed: true }, 'GA')]);
      expect(await names()).toEqual(['aa@localhost']);
    });

    test('forgets marks that are too old, and nothing else: log and sequence stay', async () => {
      await store.write(TEAM, [entryRecord(1, 0), messageRecord(2, ['old'], AT), messageRecord(3, ['new'], AT + 1)]);
      await store.write(TEAM, [entryRecord(4, 1)]); // MongoDB raises its hint with it
      await store.sweep(AT + 1, all);
      const keys = ['old', 'new'].map((id) => ({ device: 'A1', id }));
      expect(await store.marks('G1', keys)).toEqual([undefined, markOf(3, 'new', AT + 1)]);
      expect(await store.load(TEAM)).toMatchObject({ next: 5, entries: { length: 2 } });
      await store.sweep(AT + 2, all);
      await store.sweep(AT + 2, all);
      expect(await store.marks('G1', keys)).toEqual([undefined, undefined]);
      await (await under.another()).write(TEAM, [messageRecord(5, ['m'])]);
      expect(await store.load(TEAM)).toMatchObject({ next: 6, entries: { length: 2 } });
    });
  });
}
