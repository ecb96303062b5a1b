import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { startGroupLog } from '#protocol/group-log.ts';
import { decodeMembership } from '#protocol/group-state.ts';
import type { GroupPerson } from '../../protocol/test/group-people.ts';
import { appended, asked, type Chain, GroupWorld, NAME, stateBytes } from './world.fixture.ts';

let world: GroupWorld;
let al: GroupPerson;
let bo: GroupPerson;
let cy: GroupPerson;
beforeEach(async () => {
  world = await GroupWorld.open();
  [al, bo, cy] = [world.person('al'), world.person('bo'), world.person('cy')];
});
afterEach(() => world.close());

const get = (person: GroupPerson, after = 0) => world.ask(asked(person, 'group.get', { name: NAME, after }));
const state = (person: GroupPerson, at?: number) =>
  world.ask(asked(person, 'group.state', { name: NAME, ...(at === undefined ? {} : { at }) }));

async function anchors(chain: Chain, count: number): Promise<void> {
  const entries = Array.from({ length: count }, () => chain.by(al, { type: 'anchor' }));
  await world.ask(appended(al, entries));
}

describe('the log of a group', () => {
  test('is read a page at a time', async () => {
    const chain = await world.group(al, bo);
    await anchors(chain, 64);
    const first = await get(bo);
    expect(first).toMatchObject({ group: encodeBase64(chain.state?.group ?? new Uint8Array()), length: 66 });
    expect(first.entries).toHaveLength(64);
    expect((await get(bo, 64)).entries).toHaveLength(2);
    expect((await get(bo, 66)).entries).toEqual([]);
  });

  test('is its members’ where it is closed, everybody’s where it is open', async () => {
    const chain = await world.group(al, bo);
    await expect(get(cy)).rejects.toThrow('not_a_member');
    await expect(state(cy)).rejects.toThrow('not_a_member');
    await world.ask(appended(al, [chain.by(al, { type: 'policy', policy: 'open' })]));
    expect((await get(cy)).entries).toHaveLength(3);
    expect(await state(cy)).toMatchObject({ index: 1 });
    await world.ask(appended(al, [chain.by(al, { type: 'delete' })]));
    await expect(get(cy)).rejects.toThrow('no_such_group');
    expect((await get(bo)).entries).toHaveLength(4); // or whoever missed it would never learn of it
  });

  test('is shown to who was in it up to the entry by which they went, and begun with where they came', async () => {
    const chain = await world.group(al, bo, cy);
    await world.ask(appended(al, [chain.remove(al, cy)]));
    await anchors(chain, 3);
    expect(await get(cy)).toMatchObject({ length: 4, entries: { length: 4 } });
    expect((await get(cy, 4)).entries).toEqual([]);
    expect(await state(cy, 2)).toMatchObject({ index: 2, length: 4 });
    await expect(state(cy, 4)).rejects.toThrow('bad_request');
    // Where newcomers begin is not for them.
    await expect(state(cy)).rejects.toThrow('not_a_member');
    await world.ask(appended(al, [chain.add(al, cy)]));
    expect((await get(cy)).entries).toHaveLength(8);
    await world.ask(appended(al, [chain.remove(al, cy)]));
    await world.ask(appended(al, [chain.by(al, { type: 'delete' })]));
    world.handOver();
    expect((await get(cy)).entries).toHaveLength(9);
    await expect(state(cy)).rejects.toThrow('no_such_group');
  });

  test('is not there where there is no group', async () => {
    await expect(get(al)).rejects.toThrow('no_such_group');
    await expect(state(al)).rejects.toThrow('no_such_group');
  });
});

describe('the state of a group', () => {
  const begins = (answer: Record<string, unknown>) => {
    const [create, entry] = [answer.create, answer.entry].map((text) => {
      const { entry: bytes, signature } = text as { entry: string; signature: string }; // as frames/server.ts has it
      return { entry: decodeBase64(bytes), signature: decodeBase64(signature) };
    });
    if (!create || !entry) throw new Error('two entries');
    return startGroupLog(create, entry, stateBytes(answer), () => al.account);
  };

  test('is that after the last entry that states one, and a client may begin with it', async () => {
    const chain = await world.group(al, bo);
    await anchors(chain, 3);
    const answer = await state(bo);
    expect(answer).toMatchObject({ index: 1, length: 5 });
    expect([...begins(answer).members.keys()]).toEqual([al.address, bo.address]);
    await anchors(chain, 60);
    expect(await state(bo)).toMatchObject({ index: 64, length: 65 });
    world.handOver();
    expect(await state(bo)).toMatchObject({ index: 64, length: 65 });
    begins(await state(bo));
  });

  test('is told as of the entry by which somebody came in, and of no other', async () => {
    const chain = await world.group(al, bo, cy);
    await anchors(chain, 1);
    const answer = await state(bo, 1);
    expect([...decodeMembership(stateBytes(answer)).members.keys()]).toEqual([al.address, bo.address]);
    begins(answer);
    begins(await state(al, 0));
    await expect(state(cy, 1)).rejects.toThrow('bad_request');
    await expect(state(cy, 3)).rejects.toThrow('bad_request');
    await expect(state(cy, 4)).rejects.toThrow('bad_request');
  });

  test('has the log followed once for it, however often it is asked for', async () => {
    await world.group(al, bo, cy);
    const reads: number[] = [];
    const { entries } = world.store;
    world.store.entries = (group, from, before) => {
      reads.push(before - from);
      return entries.call(world.store, group, from, before);
    };
    const first = await state(bo, 1);
    expect(await state(bo, 1)).toEqual(first);
    expect(reads).toEqual([2, 1, 1]);
  });
});

describe('a list of groups', () => {
  test('has those that somebody is in, or those that anybody may join', async () => {
    const chain = await world.group(al, bo);
    const group = encodeBase64(chain.state?.group ?? new Uint8Array());
    const listed = { groups: [{ name: NAME, group, policy: 'closed', members: 2 }], more: false };
    expect(await world.list(bo, true)).toEqual(listed);
    expect(await world.list(bo, true, NAME)).toEqual({ groups: [], more: false });
    expect(await world.list(cy, true)).toEqual({ groups: [], more: false });
    expect(await world.list(cy, false)).toEqual({ groups: [], more: false });
    await world.ask(appended(al, [chain.by(al, { type: 'policy', policy: 'open' }), chain.remove(al, bo)]));
    expect(await world.list(cy, false)).toMatchObject({ groups: [{ policy: 'open', members: 1 }] });
    expect(await world.list(bo, true)).toMatchObject({ groups: [] });
    await world.ask(appended(al, [chain.by(al, { type: 'delete' })]));
    expect(await world.list(cy, false)).toMatchObject({ groups: [] });
    expect(await world.list(al, true)).toMatchObject({ groups: [] });
  });

  test('says that there are more than a page has', async () => {
    const open = (n: number) => {
      const change = { policy: 'open', members: 1, deleted: false, listed: true, membership: {} } as const;
      const record = { n: 1, count: 1, at: 1, group: `G${n}`, base: 0, marks: [], first: 0, entries: [], change };
      return world.store.write(`g${String(n).padStart(3, '0')}@parley.example`, [record]);
    };
    for (let n = 0; n < 201; n += 1) await open(n);
    const first = await world.list(al, false);
    expect(first.more).toBe(true);
    expect(first.groups).toHaveLength(200);
    expect(await world.list(al, false, 'g199@parley.example')).toMatchObject({
      groups: [{ group: 'G200' }],
      more: false,
    });
  });
});
