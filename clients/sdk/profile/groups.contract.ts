// What a profile keeps of groups, on whatever storage.
import { expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { GroupPerson } from '#protocol/test/group-people.ts';
import { random } from './example.fixture.ts';
import type { GroupRecord, KeptEntry } from './profile.ts';
import { type ProfileOn, printed } from './profile-on.fixture.ts';

const NAME = 'team@parley.example';
const [AL, BO] = [new GroupPerson('al'), new GroupPerson('bo')];

function example(change: Partial<GroupRecord> = {}): GroupRecord {
  const id = random(32);
  const refused = random(32);
  const [al, bo] = [AL.actor(), BO.actor()];
  const member = ({ address, identity }: typeof al) => ({ address, identity });
  return {
    ...{ conversation: `#${NAME}`, name: NAME, id, start: 3, suspended: [{ entry: 'AAAA', signature: 'BBBB' }] },
    spans: [
      { ...member(al), from: 3 },
      { ...member(bo), from: 4, to: 7 },
    ],
    state: {
      ...{ policy: 'open', group: id, name: NAME, position: { index: 9, head: random(32) }, deleted: false },
      members: new Map([[al.address, { ...member(al), role: 'admin' }]]),
      refused: new Map([[encodeBase64(refused), refused]]),
      actors: new Map([[encodeBase64(al.identity), 4]]),
    },
    ...change,
  };
}

export function groupsContract({ start }: ProfileOn): void {
  test('a group is found by its id, its name and its conversation, as it was written, by every process', async () => {
    const { profile, again } = await start();
    const record = example();
    await profile.groups.update(record.id, NAME, () => ({ record }));
    for (const { groups } of [profile, await again()]) {
      expect(await groups.byId(record.id)).toEqual(record);
      expect(await groups.byName(NAME)).toEqual(record);
      expect(await groups.get(record.conversation)).toEqual(record);
      expect(await groups.list()).toEqual([record]);
    }
    expect(await profile.groups.byName('other@parley.example')).toBeUndefined();
    expect(await profile.groups.byId(random(32))).toBeUndefined();
  });

  test('a name means the group that came under it last; the conversation of the other stays what it is', async () => {
    const { profile } = await start();
    const [first, second] = [example(), example({ conversation: `#${NAME}/12345678` })];
    await profile.groups.update(first.id, NAME, () => ({ record: first }));
    await profile.groups.update(second.id, NAME, (_, named) => {
      expect(named).toEqual(first);
      return { record: second };
    });
    const ended = { ...first, ended: { how: 'removed', by: 'bo@parley.example', at: 5 } } as const;
    await profile.groups.update(first.id, NAME, () => ({ record: ended }));
    expect(await profile.groups.byName(NAME)).toEqual(second);
    expect(await profile.groups.get(first.conversation)).toEqual(ended);
    expect(await profile.groups.get(second.conversation)).toEqual(second);
    expect(await profile.groups.list()).toEqual([ended, second]);
  });

  test('a group changes in one transaction with its entries and events; a change that throws changes nothing', async () => {
    const { profile } = await start();
    const record = example();
    const entry: KeptEntry = { index: 9, signed: { entry: 'AAAA', signature: 'BBBB' }, head: random(32) };
    const { conversation } = record;
    const event = { type: 'group', conversation, change: 'forked', reason: 'Why.', at: 5 } as const;
    await profile.groups.update(record.id, NAME, () => ({ record, entries: [entry], events: [event] }));
    const throwing = profile.groups.update(record.id, NAME, () => {
      throw new Error('no');
    });
    await expect(throwing).rejects.toThrow('no');
    expect(await profile.groups.update(record.id, NAME, () => undefined)).toEqual(record);
    expect(await profile.groups.entry(record.id, 9)).toEqual(entry);
    expect(await profile.groups.entry(record.id, 8)).toBeUndefined();
    expect(await printed(profile)).toEqual([{ number: 1, ...event }]);
  });
}
