import { describe, expect, it } from 'vitest';
import { encodeSignedGroupEntry, type GroupChange, type SignedGroupEntry } from '#protocol/group-entry.ts';
import { type AccountOf, firstGroupEntry, nextGroupEntry, replayGroupLog } from '#protocol/group-log.ts';
import { encodeMembership } from '#protocol/group-state.ts';
import { GroupPerson } from '#protocol/test/group-people.ts';
import { type Advanced, advance, beginAt, beginWithAll, lastEntry, stateAfter, wasMember } from './log.ts';

const [AL, BO, CY] = [new GroupPerson('al'), new GroupPerson('bo'), new GroupPerson('cy')];
const NAME = 'team@parley.example';

type Act = readonly [by: GroupPerson, change: Exclude<GroupChange, { type: 'create' }>, device?: number];

const subject = (person: GroupPerson) => person.actor();
const add = (person: GroupPerson) => ({ type: 'add', subject: subject(person) }) as const;
const remove = (person: GroupPerson) => ({ type: 'remove', subject: subject(person) }) as const;

/** The log of a group that al creates, with these acts. */
function log(...acts: readonly Act[]): SignedGroupEntry[] {
  const create = { type: 'create', name: NAME, policy: 'closed', random: new Uint8Array(16) } as const;
  const entries = [AL.sign(firstGroupEntry(AL.actor(), create, 1))];
  for (const [by, change, device = 0] of acts) {
    const state = replayGroupLog(entries.map(({ entry }) => entry));
    entries.push(by.sign(nextGroupEntry(state, by.actor(device), change, entries.length + 1), device));
  }
  return entries;
}

const accounts =
  (...gone: GroupPerson[]): AccountOf =>
  (address) => {
    const person = [AL, BO, CY].find((one) => one.address === address);
    return person === undefined || gone.includes(person) ? 'gone' : person.account;
  };

function known(entries: readonly SignedGroupEntry[], me: GroupPerson, gone: GroupPerson[] = []): Advanced {
  return beginWithAll(entries.map(encodeSignedGroupEntry), accounts(...gone), subject(me));
}

/** Whether somebody was a member at each epoch, by the entries that are kept. */
function memberships({ record, entries }: Advanced, person: GroupPerson): boolean[] {
  const heads = entries.map(({ index, head }) => ({ index, head }));
  return heads.map((epoch) =>
    wasMember(
      record,
      entries.find(({ index }) => index === epoch.index),
      epoch,
      subject(person),
    ),
  );
}

describe('who was a member', () => {
  const entries = log([AL, add(BO)], [AL, add(CY)], [AL, remove(BO)], [AL, add(BO)], [BO, { type: 'leave' }]);

  it('is so from the entry by which they came to the one by which they went', () => {
    const group = known(entries, CY);
    expect(memberships(group, AL)).toEqual([true, true, true, true, true, true]);
    expect(memberships(group, BO)).toEqual([false, true, true, false, true, false]);
    expect(memberships(group, CY)).toEqual([false, false, true, true, true, true]);
    expect(memberships(group, new GroupPerson('al', 2))).toEqual(Array.from({ length: 6 }, () => false));
  });

  it('is nobody under another head, beyond what is known, or ahead of where this device began', () => {
    const { record, entries: kept } = known(entries, CY);
    const other = new Uint8Array(32);
    expect(wasMember(record, kept[1], { index: 1, head: other }, subject(AL))).toBe(false);
    expect(wasMember(record, undefined, { index: 5, head: other }, subject(AL))).toBe(false);
    expect(wasMember(record, undefined, { index: 6, head: other }, subject(AL))).toBe(false);
    expect(wasMember(record, undefined, { index: 1, head: kept[1]?.head ?? other }, subject(AL))).toBe(false);
    const later = { ...record, start: 2 };
    expect(wasMember(later, kept[1], { index: 1, head: kept[1]?.head ?? other }, subject(AL))).toBe(false);
  });
});

describe('the end of a membership', () => {
  it('says by whom, and is none any more for who was added again', () => {
    const removed = known(log([AL, add(BO)], [AL, remove(BO)]), BO).record;
    expect(removed.ended).toEqual({ how: 'removed', by: AL.address, at: 3 });
    const again = known(log([AL, add(BO)], [AL, remove(BO)], [AL, add(BO)]), BO).record;
    expect(again.ended).toBeUndefined();
    expect(known(log([AL, add(BO)], [BO, { type: 'leave' }]), BO).record.ended?.how).toBe('left');
    expect(known(log([AL, add(BO)], [AL, { type: 'delete' }]), BO).record.ended?.how).toBe('deleted');
  });
});

describe('entries of somebody whose account is gone', () => {
  it('are kept aside until an entry of a device in use stands on them, and told then', () => {
    const entries = log(
      [AL, add(BO)],
      [AL, { type: 'admin', subject: subject(BO), role: 'admin' }],
      [BO, add(CY)],
      [BO, { type: 'leave' }],
      [AL, { type: 'anchor' }],
    );
    const [last] = entries.slice(-1).map(encodeSignedGroupEntry);
    const before = known(entries.slice(0, -1), AL, [BO]);
    expect(before.record.state.position.index).toBe(2);
    expect(before.record.suspended).toHaveLength(2);
    expect(lastEntry(before.record).index).toBe(4);
    expect(before.events).toHaveLength(3);
    const after = advance(before.record, last === undefined ? [] : [last], accounts(BO), subject(AL));
    expect(after.record.state.position.index).toBe(5);
    expect(after.record.suspended).toBeUndefined();
    expect([...after.record.state.members.keys()]).toEqual([AL.address, CY.address]);
    expect(after.events).toMatchObject([
      { change: 'add', subject: CY.address },
      { change: 'leave', by: BO.address },
    ]);
    expect(after.entries.map(({ index }) => index)).toEqual([3, 4, 5]);
  });
});

describe('a record that begins later than the log', () => {
  const entries = log([AL, add(BO)], [AL, { type: 'admin', subject: subject(BO), role: 'admin' }], [BO, add(CY)]);
  const [create, , , signed] = entries;
  if (create === undefined || signed === undefined) throw new Error('the log is longer');
  const membership = encodeMembership(replayGroupLog(entries.map(({ entry }) => entry)));
  const start = { create, signed, membership };

  it('begins with who was in the group then, and says what was so after each entry from there on', () => {
    const begun = beginAt(start, accounts(), subject(CY));
    expect(begun.record.spans.map(({ address, from }) => [address, from])).toEqual(
      [AL, BO, CY].map(({ address }) => [address, 3]),
    );
    const more = log(
      [AL, add(BO)],
      [AL, { type: 'admin', subject: subject(BO), role: 'admin' }],
      [BO, add(CY)],
      [CY, { type: 'leave' }],
    );
    const after = advance(begun.record, more.slice(4).map(encodeSignedGroupEntry), accounts(), subject(CY));
    const states = stateAfter(after.record, [...begun.entries, ...after.entries]);
    expect(states?.position).toEqual(after.record.state.position);
    expect(states?.members).toEqual(after.record.state.members);
    expect(stateAfter(after.record, after.entries)).toBeUndefined();
  });

  it('is refused where the entry adds somebody else', () => {
    expect(() => beginAt(start, accounts(), subject(BO))).toThrow('it adds somebody else');
  });
});
