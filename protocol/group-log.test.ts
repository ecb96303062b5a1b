// A group's log: what each entry may do, who may write it, and that nothing else gets in.
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { ZERO_HASH } from './envelope.ts';
import { CryptoError, ProtocolError } from './errors.ts';
import {
  decodeGroupEntry,
  encodeGroupEntry,
  type GroupChange,
  type GroupPolicy,
  groupHead,
  groupId,
  type SignedGroupEntry,
} from './group-entry.ts';
import { AccountBehind, firstGroupEntry, nextGroupEntry, verifyGroupLog } from './group-log.ts';
import { type GroupState, membershipHash } from './group-state.ts';
import { GroupPerson } from './test/group-people.ts';

type Change = Exclude<GroupChange, { type: 'create' }>;
const RANDOM = new Uint8Array(16).fill(7);
const TIME = 1_800_000_000_000;
const NAMES = ['ann', 'bob', 'cleo', 'dora'];

let people: Map<string, GroupPerson>;
const accountOf = (address: string) => people.get(address)?.account;

/** A group, and its log as its members write it. */
class Group {
  readonly log: SignedGroupEntry[] = [];
  state: GroupState;

  constructor(creator: GroupPerson, policy: GroupPolicy = 'closed', name = 'team@parley.example') {
    const change = { type: 'create', name, policy, random: RANDOM } as const;
    this.state = this.take(creator.sign(firstGroupEntry(creator.actor(), change, TIME)));
  }

  act(who: GroupPerson, change: Change, device = 0): GroupState {
    const entry = nextGroupEntry(this.state, who.actor(device), change, TIME + this.log.length);
    return this.take(who.sign(entry, device));
  }

  take(signed: SignedGroupEntry): GroupState {
    const { state } = verifyGroupLog([signed], accountOf, this.state);
    if (state === undefined) throw new Error('it does not count');
    this.log.push(signed);
    this.state = state;
    return state;
  }
}

let ann: GroupPerson;
let bob: GroupPerson;
let cleo: GroupPerson;
beforeEach(() => {
  people = new Map(NAMES.map((name) => new GroupPerson(name)).map((person) => [person.address, person]));
  [ann, bob, cleo] = [...people.values()] as [GroupPerson, GroupPerson, GroupPerson, GroupPerson]; // four names
});
const subject = ({ address, account: { identity } }: GroupPerson) => ({ address, identity });
const roles = (state: GroupState) =>
  Object.fromEntries([...state.members].map(([name, { role }]) => [name.split('@')[0], role]));
const why = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { why?: string }).why ?? String(error);
  }
  return undefined;
};

describe('a closed group', () => {
  it('begins with who created it, has members that its admins add, and an id that is the hash of its first entry', () => {
    const group = new Group(ann);
    expect(roles(group.state)).toEqual({ ann: 'admin' });
    expect(toHex(group.state.group)).toBe(toHex(groupId(group.log[0]?.entry ?? ZERO_HASH)));
    group.act(ann, { type: 'add', subject: subject(bob) });
    expect(roles(group.state)).toEqual({ ann: 'admin', bob: 'member' });
    expect(group.state.position).toMatchObject({ index: 1, head: groupHead(group.log[1]?.entry ?? ZERO_HASH) });
  });

  it('lets nobody in by themselves, and no member do what admins do', () => {
    const group = new Group(ann);
    group.act(ann, { type: 'add', subject: subject(bob) });
    expect(why(() => group.act(cleo, { type: 'join' }))).toBe('group_closed');
    expect(why(() => group.act(bob, { type: 'add', subject: subject(cleo) }))).toBe('not_an_admin');
    expect(why(() => group.act(bob, { type: 'remove', subject: subject(ann) }))).toBe('not_an_admin');
    expect(why(() => group.act(bob, { type: 'delete' }))).toBe('not_an_admin');
    expect(why(() => group.act(cleo, { type: 'anchor' }))).toBe('not_a_member');
    expect(why(() => group.act(ann, { type: 'add', subject: subject(bob) }))).toBe('already_a_member');
    expect(why(() => group.act(ann, { type: 'remove', subject: subject(cleo) }))).toBe('no_such_member');
  });

  it('is handed over before its last admin leaves, is removed, or stops being one', () => {
    const group = new Group(ann);
    group.act(ann, { type: 'add', subject: subject(bob) });
    const mine = subject(ann);
    for (const change of [
      { type: 'leave' },
      { type: 'remove', subject: mine },
      { type: 'admin', subject: mine, role: 'member' },
    ] as const) {
      expect(why(() => group.act(ann, change))).toBe('hand_over_first');
    }
    group.act(ann, { type: 'admin', subject: subject(bob), role: 'admin' });
    group.act(ann, { type: 'leave' });
    expect(roles(group.state)).toEqual({ bob: 'admin' });
    expect(why(() => group.act(ann, { type: 'add', subject: subject(cleo) }))).toBe('not_a_member');
  });

  it('takes nothing more once it is deleted', () => {
    const group = new Group(ann);
    group.act(ann, { type: 'delete' });
    expect(why(() => group.act(ann, { type: 'anchor' }))).toBe('no_such_group');
  });
});

describe('an open group', () => {
  it('lets everybody in, but not back in who was removed, until an admin adds them', () => {
    const group = new Group(ann, 'open');
    group.act(bob, { type: 'join' });
    group.act(ann, { type: 'remove', subject: subject(bob) });
    expect(why(() => group.act(bob, { type: 'join' }))).toBe('group_refused');
    group.act(ann, { type: 'add', subject: subject(bob) });
    group.act(bob, { type: 'leave' });
    group.act(bob, { type: 'join' });
    expect(roles(group.state)).toEqual({ ann: 'admin', bob: 'member' });
  });

  it('as a lobby has no admin, and its policy is fixed', () => {
    const group = new Group(ann, 'lobby', 'lobby@parley.example');
    group.act(bob, { type: 'join' });
    expect(roles(group.state)).toEqual({ ann: 'member', bob: 'member' });
    expect(why(() => group.act(ann, { type: 'policy', policy: 'closed' }))).toBe('not_an_admin');
    group.act(ann, { type: 'leave' });
    group.act(bob, { type: 'leave' });
    group.act(ann, { type: 'join' });
    expect(roles(group.state)).toEqual({ ann: 'member' });
  });
});

describe('another identity under a name', () => {
  it('is another member', () => {
    const group = new Group(ann);
    group.act(ann, { type: 'add', subject: subject(bob) });
    const other = new GroupPerson('bob', 2);
    people.set(bob.address, other);
    expect(why(() => group.act(other, { type: 'leave' }))).toBe('not_a_member');
    group.act(ann, { type: 'add', subject: subject(other) });
    expect(toHex(group.state.members.get(bob.address)?.identity ?? ZERO_HASH)).toBe(toHex(other.account.identity));
  });
});

describe('a device', () => {
  it('that its account does not have yet makes the reader fetch that account’s log', () => {
    const group = new Group(ann);
    const before = ann.account;
    ann.enrol();
    const entry = ann.sign(nextGroupEntry(group.state, ann.actor(1), { type: 'anchor' }, TIME), 1);
    expect(() => verifyGroupLog([entry], () => before, group.state)).toThrow(AccountBehind);
    expect(() => verifyGroupLog([entry], () => undefined, group.state)).toThrow(AccountBehind);
    expect(verifyGroupLog([entry], accountOf, group.state).suspended).toBe(0);
  });

  it('that was revoked when it wrote is refused, whatever stands on it', () => {
    const group = new Group(ann);
    ann.enrol();
    ann.revoke(1);
    expect(() => group.act(ann, { type: 'anchor' }, 1)).toThrow('its device had been revoked');
  });

  it('that was revoked since counts only with an entry of a device in use behind it, or if it counted before', () => {
    const group = new Group(ann);
    ann.enrol();
    const [, late] = [group.act(ann, { type: 'anchor' }, 1), group.act(ann, { type: 'add', subject: subject(bob) }, 1)];
    ann.revoke(1);
    const { state, suspended } = verifyGroupLog(group.log, accountOf);
    expect([suspended, state && roles(state)]).toEqual([2, { ann: 'admin' }]);
    expect(verifyGroupLog([], accountOf, late)).toEqual({ state: late, suspended: 0 });
    group.act(ann, { type: 'anchor' });
    expect(verifyGroupLog(group.log, accountOf)).toMatchObject({ suspended: 0, state: { position: { index: 3 } } });
  });

  it('of an account that is gone does what takes an admin only by the word of one who was admin before, whoever else stands on it', () => {
    const group = new Group(ann);
    group.act(ann, { type: 'add', subject: subject(bob) });
    group.act(ann, { type: 'admin', subject: subject(bob), role: 'admin' });
    const from = group.state;
    const forged = { ...bob.sign(nextGroupEntry(from, bob.actor(), { type: 'add', subject: subject(cleo) }, TIME)) };
    group.take(forged);
    group.log[3] = { ...forged, signature: new Uint8Array(64) };
    group.act(cleo, { type: 'anchor' });
    const without = (address: string) => (address === bob.address ? ('gone' as const) : accountOf(address));
    const stands = (log: readonly SignedGroupEntry[]) => {
      const { state, suspended } = verifyGroupLog(log, without, from);
      return [state && roles(state), suspended];
    };
    const before = roles(from);
    expect(stands(group.log.slice(3))).toEqual([before, 2]);
    group.act(ann, { type: 'anchor' });
    expect(stands(group.log.slice(3))).toEqual([{ ...before, cleo: 'member' }, 0]);
  });

  it('of an account that is gone may have left or come by anybody’s word', () => {
    const group = new Group(ann, 'open');
    group.act(bob, { type: 'join' });
    group.act(cleo, { type: 'join' });
    const without = (address: string) => (address === bob.address ? ('gone' as const) : accountOf(address));
    expect(verifyGroupLog(group.log, without)).toMatchObject({ suspended: 0, state: { position: { index: 2 } } });
  });

  it('cannot write from an earlier place in its account than its owner has already', () => {
    const group = new Group(ann);
    const early = ann.actor();
    ann.enrol();
    group.act(ann, { type: 'anchor' });
    const entry = ann.sign(nextGroupEntry(group.state, early, { type: 'anchor' }, TIME));
    expect(() => group.take(entry)).toThrow('further on');
  });
});

describe('any history', () => {
  const changes = fc.array(
    fc.record({
      who: fc.nat(3),
      whom: fc.nat(3),
      type: fc.constantFrom('add', 'remove', 'admin', 'join', 'leave', 'policy', 'anchor'),
      flag: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  const changeOf = (type: string, whom: GroupPerson, flag: boolean): Change => {
    if (type === 'add' || type === 'remove') return { type, subject: subject(whom) };
    if (type === 'admin') return { type, subject: subject(whom), role: flag ? 'admin' : 'member' };
    if (type === 'policy') return { type, policy: flag ? 'open' : 'closed' };
    return { type: type as 'join' | 'leave' | 'anchor' }; // those that are left
  };
  const written = (
    steps: readonly { who: number; whom: number; type: string; flag: boolean }[],
    open: boolean,
  ): Group => {
    const group = new Group(ann, open ? 'open' : 'closed');
    const all = [...people.values()];
    for (const { who, whom, type, flag } of steps) {
      const [actor, other] = [all[who], all[whom]];
      if (actor && other) why(() => group.act(actor, changeOf(type, other, flag)));
    }
    return group;
  };

  it('reads the same at once and entry by entry, has an admin, nobody twice, and nobody whom an admin or the policy did not let in', () => {
    fc.assert(
      fc.property(changes, fc.boolean(), (steps, open) => {
        const group = written(steps, open);
        const { state } = verifyGroupLog(group.log, accountOf);
        expect(state).toEqual(group.state);
        expect([...group.state.members.values()].some(({ role }) => role === 'admin')).toBe(true);
        const inside = new Map<string, boolean>([[ann.address, true]]);
        let policy = open ? 'open' : 'closed';
        for (const { actor, change } of group.log.map(({ entry }) => decodeGroupEntry(entry))) {
          if (change.type === 'join') expect(policy).toBe('open');
          if (change.type !== 'join' && change.type !== 'create') expect(inside.get(actor.address)).toBe(true);
          if (change.type === 'add' || change.type === 'join')
            inside.set('subject' in change ? change.subject.address : actor.address, true);
          if (change.type === 'remove' || change.type === 'leave')
            inside.delete('subject' in change ? change.subject.address : actor.address);
          if (change.type === 'policy') policy = change.policy;
        }
        expect(new Set(group.state.members.keys())).toEqual(new Set(inside.keys()));
        expect(group.state.policy).toBe(policy);
      }),
      { numRuns: 200 },
    );
  });

  it('with any byte changed, any entry left out, repeated or moved, is refused', () => {
    fc.assert(
      fc.property(changes, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (steps, at, place, bits) => {
        const { log, state } = written(steps, true);
        const index = at % log.length;
        const one = log[index] as SignedGroupEntry; // there is always the first
        const field = place % 3 === 0 ? 'signature' : 'entry';
        const changed = one[field].map((byte, i) => (i === place % one[field].length ? byte ^ bits : byte));
        const refused = (entries: readonly SignedGroupEntry[]) => {
          try {
            return (
              toHex(verifyGroupLog(entries, accountOf).state?.position.head ?? ZERO_HASH) !== toHex(state.position.head)
            );
          } catch (error) {
            return error instanceof CryptoError || error instanceof AccountBehind;
          }
        };
        expect(refused(log.with(index, { ...one, [field]: changed }))).toBe(true);
        expect(refused(log.toSpliced(index, 1))).toBe(true);
        expect(refused(log.toSpliced(index, 0, one))).toBe(true);
        if (index > 0) expect(refused(log.toSpliced(index - 1, 2, one, log[index - 1] as SignedGroupEntry))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is decoded to what was encoded, and cut anywhere is refused', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        for (const { entry } of written(steps, true).log) {
          expect(toHex(encodeGroupEntry(decodeGroupEntry(entry)))).toBe(toHex(entry));
          const cut = entry.subarray(0, entry.length - 1 - ((entry[40] ?? 0) % entry.length));
          expect(() => decodeGroupEntry(cut)).toThrow(ProtocolError);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('a state', () => {
  it('is the same for the same members, in whatever order they came, and another for any other role, identity, policy or refusal', () => {
    const group = new Group(ann, 'open');
    group.act(bob, { type: 'join' });
    group.act(cleo, { type: 'join' });
    const other = new Group(ann, 'open');
    other.act(cleo, { type: 'join' });
    other.act(bob, { type: 'join' });
    const hash = toHex(membershipHash(group.state));
    expect(toHex(membershipHash(other.state))).toBe(hash);
    group.act(ann, { type: 'admin', subject: subject(bob), role: 'admin' });
    other.act(ann, { type: 'remove', subject: subject(bob) });
    const hashes = [group.state, other.state, { ...group.state, policy: 'closed' as const }].map((state) =>
      toHex(membershipHash(state)),
    );
    expect(new Set([...hashes, hash]).size).toBe(4);
  });
});
