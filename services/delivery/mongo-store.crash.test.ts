// A write of several steps that ends between any two of them leaves a mailbox that its next owner goes on with.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import { before, crashes, everyFault, failing } from '../../test/faults.fixture.ts';
import { openTestDatabase, type TestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { MongoMailboxStore } from './mongo-store.ts';
import { CHUNK_NUMBERS, type MailboxWrite, type StoredItem } from './store.ts';

const item: StoredItem = { item: null, devices: ['a1', 'a2'], taken: false };
const number = (chunk: number): number => chunk * CHUNK_NUMBERS;
const append = (chunk: number): MailboxWrite => ({
  type: 'append',
  chunk: { n: number(chunk), items: [item] },
  charges: { 'bo@localhost': chunk },
});
const appends = (from: number, to: number): MailboxWrite[] =>
  Array.from({ length: to - from + 1 }, (_, index) => append(from + index));
const account = (length: number): MailboxWrite => ({
  type: 'account',
  length,
  devices: ['a1', 'a2'],
  deleted: false,
  cursors: { a1: number(1), a2: number(1) },
  used: {},
});

describeOn('MONGO', 'a mailbox in MongoDB whose owner crashes', (server) => {
  let database: TestDatabase;
  let store: MongoMailboxStore;
  let users = 0;
  beforeEach(async () => {
    database = await openTestDatabase(server);
    store = new MongoMailboxStore(database.mongo);
  });
  afterEach(() => database.close());

  /** For each fault: a fresh mailbox with `before`, then `writes` with the fault, then what `check` says of the user. */
  async function atEveryFault(
    before: readonly MailboxWrite[],
    writes: readonly MailboxWrite[],
    check: (user: string) => Promise<void>,
  ): Promise<void> {
    await everyFault(async (fault) => {
      users += 1;
      const user = `user${users}@localhost`;
      await store.write(user, before);
      const outcome = await crashes(new MongoMailboxStore(failing(database.mongo, fault)).write(user, writes));
      await check(user);
      return outcome;
    });
  }

  async function numbers(user: string): Promise<number[]> {
    return ((await store.load(user))?.chunks ?? []).map(({ n }) => n / CHUNK_NUMBERS);
  }

  test('while it appends: the next one finds a beginning of it, and appends after that', async () => {
    await atEveryFault([account(1)], appends(1, 3), async (user) => {
      const found = await numbers(user);
      expect([[], [1, 2, 3]]).toContainEqual(found); // which go out as one operation
      const next = (await store.load(user))?.next ?? 0;
      expect(next).toBe(number(found.length + 1));
      await store.write(user, [append(next / CHUNK_NUMBERS)]);
      expect(await numbers(user)).toEqual([...found, next / CHUNK_NUMBERS]);
    });
  });

  test('while it appends, and asks again: all is stored once', async () => {
    await atEveryFault([account(1)], appends(1, 3), async (user) => {
      await store.write(user, appends(1, 3));
      expect(await numbers(user)).toEqual([1, 2, 3]);
    });
  });

  test('while it appends so much that the hint is raised, and asks again: all is stored once', async () => {
    const done = Array.from({ length: 40 }, (_, index) => index + 1);
    await atEveryFault([account(1)], appends(1, 40), async (user) => {
      // Raising the hint is the last step: who asks again after that is told that the mailbox has gone on, and loads it.
      await store.write(user, appends(1, 40)).catch((error) => expect(error).toBeInstanceOf(Conflict));
      expect(await numbers(user)).toEqual(done);
      expect((await store.load(user))?.next).toBe(number(41));
    });
  });

  test('while it removes: nothing is gone but what it named, and no number is given twice', async () => {
    const removals: MailboxWrite[] = [
      { type: 'cursor', device: 'a1', n: number(3) },
      { type: 'cursor', device: 'a2', n: number(3) },
      { type: 'trim', n: number(1) },
      { type: 'trim', n: number(2) },
      { type: 'remove', n: number(4) },
      { type: 'replace', chunk: { n: number(5), items: [item] }, charges: {} },
      { type: 'remove', n: number(6) },
    ];
    await atEveryFault([account(1), ...appends(1, 6)], removals, async (user) => {
      const found = await numbers(user);
      expect(found).toEqual(expect.arrayContaining([3, 5]));
      // Nothing is left behind where no load looks for it.
      expect((await store.read(user, 0, number(7), 9)).map(({ n }) => n / CHUNK_NUMBERS)).toEqual(found);
      expect((await store.load(user))?.next).toBe(number(7));
      for (const gone of [1, 2, 4, 6].filter((chunk) => !found.includes(chunk))) {
        await expect(store.write(user, [append(gone)])).rejects.toBeInstanceOf(Conflict);
      }
      expect(await numbers(user)).toEqual(found);
      await store.write(user, removals);
      expect(await numbers(user)).toEqual([3, 5]);
      const state = await store.load(user);
      expect(state).toMatchObject({ next: number(7), cursors: { a1: number(3), a2: number(3) } });
      expect(state?.chunks.at(-1)?.charges).toEqual({});
    });
  });

  test('between the account and what follows: the next one finds the account, and nothing without it', async () => {
    await atEveryFault([], [account(1), append(1)], async (user) => {
      const state = await store.load(user);
      if (!state) return expect(await store.read(user, 0, number(9), 9)).toEqual([]);
      expect(state).toMatchObject({ length: 1, cursors: { a1: number(1), a2: number(1) } });
      await expect(store.write(user, [account(1)])).rejects.toBeInstanceOf(Conflict);
    });
  });

  test('a late owner’s chunk that it could not take back is found by the next, below what came later', async () => {
    await atEveryFault([account(1), ...appends(1, 3), { type: 'remove', n: number(2) }], [], async (user) => {
      const late = new MongoMailboxStore(failing(database.mongo, { operation: 3, answerLost: false }));
      await expect(late.write(user, [append(2)])).rejects.toThrow('crashed here');
      expect(await numbers(user)).toEqual([1, 2, 3]);
      expect((await store.load(user))?.next).toBe(number(4));
    });
  });

  test('a late owner does not take back a chunk that the next one stored, too, and counts on', async () => {
    const user = 'counted-on@localhost';
    await store.write(user, [account(1)]);
    const next = new MongoMailboxStore(database.mongo);
    // Between the late owner's insert and its look at the head, the next one stores the same, and goes on until the head has noted it.
    const late = new MongoMailboxStore(before(database.mongo, 'findOne', () => next.write(user, appends(1, 40))));
    await expect(late.write(user, [append(1)])).rejects.toBeInstanceOf(Conflict);
    expect((await numbers(user))[0]).toBe(1);
  });
});
