// Beside the contract: a write of several steps that ends between any two of them, and an owner that was overtaken in the middle of one.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { before, crashes, everyFault, failing } from '../../test/faults.fixture.ts';
import { openTestDatabase, type TestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { MongoGroupStore } from './mongo-store.ts';
import { entryRecord, groupStoreContract, markOf, messageRecord } from './store.contract.ts';

const [AL, BO] = ['al@localhost', 'bo@localhost'];

describeOn('MONGO', 'on MongoDB', (server) => {
  groupStoreContract('the group store', async () => {
    const database = await openTestDatabase(server);
    const open = async () => new MongoGroupStore(await database.another());
    return { store: new MongoGroupStore(database.mongo), reopen: open, another: open, close: () => database.close() };
  });
});

describeOn('MONGO', 'a group in MongoDB whose owner crashes', (server) => {
  let database: TestDatabase;
  let store: MongoGroupStore;
  let names = 0;
  beforeEach(async () => {
    database = await openTestDatabase(server);
    store = new MongoGroupStore(database.mongo);
  });
  afterEach(() => database.close());

  test('while it writes: a beginning of the records is there with all that follows from them, and the rest can be written', async () => {
    await everyFault(async (fault) => {
      names += 1;
      const [name, group] = [`n${names}@localhost`, `G${names}`];
      const open = { policy: 'open', listed: true } as const;
      const records = [
        entryRecord(1, 0, { ...open, membership: { [AL]: true } }, group),
        messageRecord(2, ['m1', 'm2'], undefined, group),
        entryRecord(4, 1, { ...open, members: 2, membership: { [BO]: true } }, group),
      ];
      const outcome = await crashes(new MongoGroupStore(failing(database.mongo, fault)).write(name, records));
      const next = (await store.load(name))?.next ?? 1;
      const isMember = async (user: string) => (await store.groupsOf(user, '', 999)).some((one) => one.name === name);
      const keys = ['m1', 'm2'].map((id) => ({ device: 'A1', id }));
      expect(await isMember(AL)).toBe(next > 1);
      expect(await store.marks(group, keys)).toEqual(
        next > 2 ? [markOf(2, 'm1'), markOf(3, 'm2')] : [undefined, undefined],
      );
      expect(await isMember(BO)).toBe(next > 4);
      const left = records.filter((record) => record.n >= next);
      await new MongoGroupStore(database.mongo).write(name, left);
      expect(await store.load(name)).toMatchObject({ next: 5, entries: { length: 2 } });
      expect(await isMember(BO)).toBe(true);
      return outcome;
    });
  });

  test('while it writes, and it tries again itself: everything is there once', async () => {
    await everyFault(async (fault) => {
      names += 1;
      const name = `n${names}@localhost`;
      const group = `G${names}`;
      const records = [entryRecord(1, 0, { membership: { [AL]: true } }, group), messageRecord(2, ['m1'], 5, group)];
      const outcome = await crashes(new MongoGroupStore(failing(database.mongo, fault)).write(name, records));
      await store.write(name, records);
      expect(await store.load(name)).toMatchObject({ next: 3, entries: { length: 1 } });
      return outcome;
    });
  });

  test('while it sweeps: what is young stays, what is old is gone after the next sweep', async () => {
    await everyFault(async (fault) => {
      names += 1;
      const [name, group] = [`n${names}@localhost`, `G${names}`];
      const old = [messageRecord(2, ['m1'], 5, group), messageRecord(3, ['m2'], 5, group)];
      await store.write(name, [entryRecord(1, 0, {}, group), ...old, entryRecord(4, 1, {}, group)]);
      const mine = (one: string) => one === name;
      const outcome = await crashes(new MongoGroupStore(failing(database.mongo, fault)).sweep(2e12, mine));
      await store.sweep(2e12, mine);
      const keys = ['m1', 'm2'].map((id) => ({ device: 'A1', id }));
      expect(await store.marks(group, keys)).toEqual([undefined, undefined]);
      expect(await store.load(name)).toMatchObject({ next: 5, entries: { length: 2 } });
      return outcome;
    });
  });

  test('and wakes up: what it was about to derive does not undo what its successor wrote', async () => {
    const name = 'team@localhost';
    await store.write(name, [entryRecord(1, 0, { membership: { [AL]: true } })]);
    // Its record is in; before it notes the member, a successor loads, removes the member, and closes the group.
    const overtaken = before(database.mongo, 'updateOne', async () => {
      const successor = new MongoGroupStore(await database.another());
      expect(await successor.load(name)).toMatchObject({ next: 3 });
      await successor.write(name, [entryRecord(3, 2, { listed: true, membership: { [BO]: false } })]);
    });
    const open = entryRecord(2, 1, { policy: 'open', listed: true, members: 2, membership: { [BO]: true } });
    await new MongoGroupStore(overtaken).write(name, [open]);
    expect(await store.groupsOf(BO, '', 5)).toEqual([]);
    expect(await store.openGroups('', 5)).toEqual([]);
    expect(await store.groupsOf(AL, '', 5)).toMatchObject([{ policy: 'closed', members: 1 }]);
    expect(await store.load(name)).toMatchObject({ next: 4, entries: { length: 3 } });
  });

  test('many messages without an entry: only the last few are looked at again when it is loaded', async () => {
    const name = 'team@localhost';
    await store.write(name, [entryRecord(1, 0)]);
    for (let n = 2; n < 82; n += 1) await store.write(name, [messageRecord(n, [`m${n}`])]);
    const head = await database.mongo.collection<{ _id: string; next: number }>('group_head').findOne({ _id: name });
    expect(head?.next).toBeGreaterThan(82 - 32);
    expect(await store.load(name)).toMatchObject({ next: 82 });
  });
});
