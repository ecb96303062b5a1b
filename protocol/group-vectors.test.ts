// The golden group log: its bytes, hashes and signatures, what each entry does, and what must be refused after it.
import { describe, expect, it } from 'vitest';
import { decodeSignedEntry } from './account-entry.ts';
import { verifyAccountLog } from './account-log.ts';
import { fromHex, isZero, toHex } from './bytes.ts';
import {
  decodeGroupEntry,
  decodeSignedGroupEntry,
  encodeGroupEntry,
  type GroupEntry,
  groupHead,
  groupId,
  statesState,
} from './group-entry.ts';
import { replayGroupLog, startGroupLog, verifyGroupLog } from './group-log.ts';
import { decodeMembership, encodeMembership, membershipHashOf } from './group-state.ts';
import { groupLog } from './test/vectors.ts';

const accounts = new Map(
  groupLog.logs.map(({ address, entries }) => [address, verifyAccountLog(entries.map(decodeSignedEntry), address)]),
);
const accountOf = (address: string) => accounts.get(address);
const signed = groupLog.entries.map((vector) => decodeSignedGroupEntry(vector.signed));

describe('the golden group log', () => {
  it.each(groupLog.entries)('has the bytes and the head of its fields: $name', (vector) => {
    const bytes = fromHex(vector.entry);
    const entry = decodeGroupEntry(bytes);
    expect(shown(entry)).toEqual(fieldsOf(vector));
    expect(toHex(encodeGroupEntry(entry))).toBe(vector.entry);
    expect(toHex(groupHead(bytes))).toBe(vector.head);
    expect(isZero(entry.state)).toBe(!statesState(entry.index, entry.change.type));
  });

  it('verifies, and says the membership that each of its states is the hash of', () => {
    expect(toHex(groupId(signed[0]?.entry ?? new Uint8Array()))).toBe(groupLog.id);
    for (const [index, { membership, state, name }] of groupLog.entries.entries()) {
      const { state: after } = verifyGroupLog(signed.slice(0, index + 1), accountOf);
      if (after === undefined || membership === null) continue;
      expect(toHex(encodeMembership(after)), name).toBe(membership);
      expect(toHex(membershipHashOf(fromHex(membership))), name).toBe(state);
      expect(toHex(encodeMembership(decodeMembership(fromHex(membership)))), name).toBe(membership);
    }
    expect(verifyGroupLog(signed, accountOf).state).toMatchObject({ name: groupLog.name, deleted: true });
  });

  it('may be begun at each entry that states its membership, and ends the same', () => {
    const whole = verifyGroupLog(signed, accountOf).state;
    const [create] = signed;
    for (const [index, { membership }] of groupLog.entries.entries()) {
      const entry = signed[index];
      if (membership === null || create === undefined || entry === undefined) continue;
      const from = startGroupLog(create, entry, fromHex(membership), accountOf);
      const { state } = verifyGroupLog(signed.slice(index + 1), accountOf, from);
      expect({ ...state, actors: undefined }).toEqual({ ...whole, actors: undefined });
      expect(() =>
        startGroupLog(create, entry, fromHex(groupLog.entries[1 - Math.min(1, index)]?.membership ?? ''), accountOf),
      ).toThrow();
    }
  });

  it('is followed without its signatures by who kept it', () => {
    const entries = signed.map(({ entry }) => entry);
    expect(replayGroupLog(entries)).toEqual(verifyGroupLog(signed, accountOf).state);
    expect(replayGroupLog(entries.slice(5), replayGroupLog(entries.slice(0, 5)))).toEqual(replayGroupLog(entries));
  });

  it('counts up to an entry whose author has no log any more, until somebody else stands on it', () => {
    const without = (address: string) => (address === 'cleo@parley.example' ? ('gone' as const) : accountOf(address));
    expect(verifyGroupLog(signed.slice(0, 5), without)).toMatchObject({
      state: { position: { index: 3 } },
      suspended: 1,
    });
    expect(verifyGroupLog(signed, without)).toMatchObject({ state: { deleted: true }, suspended: 0 });
  });

  it.each(groupLog.refused)('is not continued by $name', ({ after, given }) => {
    const from = verifyGroupLog(signed.slice(0, after), accountOf).state;
    expect(() => verifyGroupLog([decodeSignedGroupEntry(given)], accountOf, from)).toThrow(/is refused/);
  });
});

function shown({ group, index, previous, actor, change, time, state }: GroupEntry) {
  const subject =
    'subject' in change ? { subject: { ...change.subject, identity: toHex(change.subject.identity) } } : {};
  const random = change.type === 'create' ? { groupName: change.name, random: toHex(change.random) } : {};
  return {
    ...{ group: toHex(group), index, previous: toHex(previous), type: change.type, time, state: toHex(state) },
    actor: {
      address: actor.address,
      identity: toHex(actor.identity),
      device: toHex(actor.device),
      position: { index: actor.position.index, head: toHex(actor.position.head) },
    },
    ...subject,
    ...random,
    ...('policy' in change ? { policy: change.policy } : {}),
    ...('role' in change ? { role: change.role } : {}),
  };
}

function fieldsOf({
  name: _name,
  membership: _membership,
  entry: _entry,
  head: _head,
  signed: _signed,
  ...fields
}: (typeof groupLog.entries)[number]) {
  return fields;
}
