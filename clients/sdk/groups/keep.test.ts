import { describe, expect, it } from 'vitest';
import { encodeSignedGroupEntry } from '#protocol/group-entry.ts';
import { firstGroupEntry } from '#protocol/group-log.ts';
import { GroupPerson } from '#protocol/test/group-people.ts';
import { MemoryPlace, memoryStorage } from '../profile/memory-storage.ts';
import { printed, profileOn } from '../profile/profile-on.fixture.ts';
import { keep, keepBeside } from './keep.ts';
import { type Advanced, beginWithAll } from './log.ts';

const NAME = 'team@parley.example';
const AL = new GroupPerson('al');
const clock = { now: () => 7, monotonic: () => 7 };

const { start } = profileOn(() => {
  const place = new MemoryPlace();
  return { open: () => memoryStorage(place), remove() {} };
});

/** Groups of the same name, one of each number. */
function group(number: number): Advanced {
  const create = { type: 'create', name: NAME, policy: 'closed', random: new Uint8Array(16).fill(number) } as const;
  const entry = AL.sign(firstGroupEntry(AL.actor(), create, 1));
  return beginWithAll([encodeSignedGroupEntry(entry)], () => AL.account, AL.actor());
}

describe('groups that come under one name at the same time', () => {
  const [first, second] = [group(1), group(2)];

  it('have a conversation each, and the name means the one that the server has now', async () => {
    const { profile } = await start();
    const deps = { profile, clock };
    // Both were looked up before either was known.
    expect(await keepBeside(deps, second, undefined)).toMatchObject({ conversation: `#${NAME}` });
    expect(await keepBeside(deps, first, undefined)).toBeUndefined();
    expect(await profile.groups.list()).toHaveLength(1);
    await keep(deps, first);
    const [one, other] = await profile.groups.list();
    expect(one).toMatchObject({ conversation: `#${NAME}`, id: second.record.id });
    expect(other).toMatchObject({ id: first.record.id });
    expect(other?.conversation).toMatch(/^#team@parley\.example\/[0-9a-f]{8}$/);
    expect(await profile.groups.byName(NAME)).toEqual(other);
    const told = (await printed(profile)).filter(({ type }) => type === 'group');
    expect(told).toMatchObject([{ change: 'other_group', conversation: other?.conversation }]);
  });

  it('that are created and pushed at once are both kept, in either order', async () => {
    const { profile } = await start();
    const deps = { profile, clock };
    await Promise.all([keep(deps, first), keep(deps, second), keepBeside(deps, first, undefined)]);
    const conversations = (await profile.groups.list()).map(({ conversation }) => conversation);
    expect(new Set(conversations).size).toBe(2);
  });
});
