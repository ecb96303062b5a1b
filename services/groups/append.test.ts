import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import { GroupPerson } from '../../protocol/test/group-people.ts';
import { ASK_AGAIN_MS } from './account-asks.ts';
import { ALL_ASKS, appended, Chain, deliveredTo, GroupWorld, NAME, outcomes, sent, toldOf } from './world.fixture.ts';

let world: GroupWorld;
let al: GroupPerson;
let bo: GroupPerson;
let cy: GroupPerson;
beforeEach(async () => {
  world = await GroupWorld.open();
  [al, bo, cy] = [world.person('al'), world.person('bo'), world.person('cy')];
});
afterEach(() => world.close());

const addresses = (...people: GroupPerson[]): string[] => people.map(({ address }) => address).toSorted();

describe('entries of a group', () => {
  test('create it with its members at once, and tell all of them', async () => {
    const chain = new Chain();
    const turned = await world.give(appended(al, [chain.create(al), chain.add(al, bo)]));
    expect(outcomes(turned)).toEqual([1]);
    expect(toldOf(turned).toSorted()).toEqual([
      [al.address, 1, 2],
      [bo.address, 1, 2],
    ]);
    const next = await world.give(appended(al, [chain.add(al, cy)]));
    expect(outcomes(next)).toEqual([3]);
    expect(
      toldOf(next)
        .map(([address]) => address)
        .toSorted(),
    ).toEqual(addresses(al, bo, cy));
    expect(world.unsettled.size).toBe(0);
  });

  test('come in all or not at all', async () => {
    const chain = await world.group(al);
    const before = new Chain(chain);
    const good = chain.add(al, bo);
    const stranger = new GroupPerson('di');
    await expect(world.ask(appended(al, [good, chain.add(al, stranger)]))).rejects.toThrow('unknown_user');
    expect(await world.ask(appended(al, [before.add(al, cy)]))).toEqual({ number: 2 });
  });

  test('that come again are answered again and told again, also after a crash and to another owner', async () => {
    const chain = new Chain();
    const first = appended(al, [chain.create(al), chain.add(al, bo)]);
    const turned = await world.give(first);
    await world.ask(appended(al, [chain.add(al, cy)]));
    const again = await world.give(first);
    expect(outcomes(again)).toEqual([1]);
    expect(
      toldOf(again)
        .map(([address]) => address)
        .toSorted(),
    ).toEqual(addresses(al, bo, cy));
    world.handOver();
    expect(outcomes(await world.give(first))).toEqual(outcomes(turned));
  });

  test('that come again from somebody who is out of the group by now are answered, and told to nobody; those that put them out are', async () => {
    const chain = await world.group(al, bo, cy);
    await world.ask(appended(al, [chain.by(al, { type: 'policy', policy: 'open' })]));
    const [anchors, leaves] = [
      appended(bo, [chain.by(bo, { type: 'anchor' })]),
      appended(bo, [chain.by(bo, { type: 'leave' })]),
    ];
    await world.ask(anchors);
    await world.crash(leaves, { type: 'account', address: bo.address, ask: ALL_ASKS, log: bo.log });
    world.asks.length = 0;
    const again = await world.give(leaves);
    expect(
      toldOf(again)
        .map(([address]) => address)
        .toSorted(),
    ).toEqual(addresses(al, bo, cy));
    const old = await world.give(anchors);
    expect(outcomes(old)).toEqual([5]);
    expect(toldOf(old)).toEqual([]);
  });

  test('that were written before a crash are known when their command comes again', async () => {
    const chain = await world.group(al);
    const adds = appended(al, [chain.add(al, bo)]);
    await world.turn(adds);
    await world.crash(adds, { type: 'account', address: al.address, ask: ALL_ASKS, log: al.log }, boTold());
    world.asks.length = 0;
    const turned = await world.give(adds);
    expect(outcomes(turned)).toEqual([2]);
    expect(
      toldOf(turned)
        .map(([address]) => address)
        .toSorted(),
    ).toEqual(addresses(al, bo));
  });

  test('wait for auth without being settled, while later commands go on', async () => {
    const chain = await world.group(al, bo);
    const before = new Chain(chain);
    const waits = await world.turn(appended(al, [chain.add(al, cy)]), sent(bo, before, [al]));
    expect(outcomes(waits)).toEqual([3]);
    expect(world.unsettled.size).toBe(1);
    expect((await world.actor(`#${NAME}`)).idle).toBe(false);
    expect(outcomes(await world.answerAsks())).toEqual([4]);
    expect(world.unsettled.size).toBe(0);
    expect((await world.actor(`#${NAME}`)).idle).toBe(true);
  });

  test('ask auth again for what is lost on the way, and only then', async () => {
    const chain = await world.group(al, bo);
    await world.turn(appended(al, [chain.add(al, cy)]));
    const lost = world.asks.splice(0);
    expect(world.wakeAt).toBe(world.now + ASK_AGAIN_MS);
    world.now += ASK_AGAIN_MS - 1;
    await world.turn();
    expect(world.asks).toEqual([]);
    world.now += 1;
    await world.turn();
    expect(world.asks).toEqual(lost);
    expect(outcomes(await world.answerAsks())).toEqual([3]);
    expect(world.wakeAt).toBeUndefined();
  });

  test('are decided by no account log that is older than themselves', async () => {
    const chain = await world.group(al, bo);
    const [add, leave] = [new Chain(chain).add(al, cy), new Chain(chain).by(bo, { type: 'leave' })];
    bo.enrol();
    const old = [...bo.log];
    await world.turn(appended(bo, [leave]));
    bo.revoke(0);
    const second = appended(bo, [new Chain(chain).by(bo, { type: 'anchor' }, 1)], 1);
    await world.turn(second);
    expect(world.asks).toHaveLength(2);
    const [first] = world.asks.splice(0, 1);
    const ask = first?.ask ?? 0;
    expect(outcomes(await world.turn({ type: 'account', address: bo.address, ask, log: old }))).toEqual([3]);
    expect(outcomes(await world.answerAsks())).toEqual(['stale_group']);
    await expect(world.ask(appended(al, [add]))).rejects.toThrow('stale_group');
  });

  test('of two admins at once: one comes in, the other is told to look again', async () => {
    const chain = await world.group(al, bo);
    await world.ask(appended(al, [chain.by(al, { type: 'admin', subject: bo.actor(), role: 'admin' })]));
    const two = [appended(al, [new Chain(chain).add(al, cy)]), appended(bo, [new Chain(chain).remove(bo, al)])];
    const turned = await world.give(...two);
    expect(outcomes(turned)).toEqual([4, 'stale_group']);
  });

  test('that remove somebody are told to them, too, and those that leave to whoever left', async () => {
    const chain = await world.group(al, bo, cy);
    const removed = await world.give(appended(al, [chain.remove(al, bo)]));
    expect(
      toldOf(removed)
        .map(([address]) => address)
        .toSorted(),
    ).toEqual(addresses(al, bo, cy));
    const left = await world.give(appended(cy, [chain.by(cy, { type: 'leave' })]));
    expect(
      toldOf(left)
        .map(([address]) => address)
        .toSorted(),
    ).toEqual(addresses(al, cy));
  });

  test('end with the one that deletes it; then its name is free, and numbers begin again', async () => {
    const chain = await world.group(al, bo);
    const deletes = appended(al, [chain.by(al, { type: 'delete' })]);
    expect(
      toldOf(await world.give(deletes))
        .map(([address]) => address)
        .toSorted(),
    ).toEqual(addresses(al, bo));
    expect(await world.ask(deletes)).toEqual({ number: 3 });
    const old = new Chain(chain);
    await expect(world.ask(sent(al, old, [bo]))).rejects.toThrow('no_such_group');
    const other = new Chain();
    const creates = appended(bo, [other.create(bo, 'open')]);
    expect(await world.ask(creates)).toEqual({ number: 1 });
    expect(await world.ask(creates)).toEqual({ number: 1 });
    await expect(world.ask(sent(al, old, [bo]))).rejects.toThrow('no_such_group');
    expect(await world.ask(sent(bo, other, []))).toMatchObject({ number: 2 });
    world.handOver();
    expect(await world.ask(sent(bo, other, []))).toMatchObject({ number: 3 });
  });

  test('delete and create in one turn', async () => {
    const chain = await world.group(al, bo);
    const other = new Chain();
    const deletes = appended(al, [chain.by(al, { type: 'delete' })]);
    const creates = appended(bo, [other.create(bo)]);
    await world.turn(deletes);
    const turned = await world.turn(
      { type: 'account', address: al.address, ask: ALL_ASKS, log: al.log },
      creates,
      boTold(),
    );
    world.asks.length = 0;
    expect(outcomes(turned)).toEqual([3, 1]);
    world.handOver();
    expect(await world.ask(creates)).toEqual({ number: 1 });
    expect(await world.list(al, true)).toMatchObject({ groups: [] });
    expect(await world.list(bo, true)).toMatchObject({ groups: [{ name: NAME, members: 1 }] });
  });

  test('of a lobby have no admin; no other group is one', async () => {
    const lobby = 'lobby@parley.example';
    await expect(world.ask(appended(al, [new Chain().create(al, 'lobby')]))).rejects.toThrow('policy_fixed');
    await expect(world.ask(appended(al, [new Chain().create(al, 'open', lobby)], 0, lobby))).rejects.toThrow(
      'bad_request',
    ); // this actor is that of another name
  });

  type Wrong = () => Promise<readonly [GroupPerson, readonly SignedGroupEntryText[], number?]>;
  const refused: [string, string, Wrong][] = [
    ['by a stranger', 'not_a_member', async () => [cy, [otherwise(await world.group(al), cy)]]],
    ['by a member who is no admin', 'not_an_admin', async () => [bo, [otherwise(await world.group(al, bo), bo)]]],
    [
      'in the name of somebody else',
      'bad_signature',
      async () => {
        const chain = await world.group(al, bo);
        return [bo, [chain.add(al, cy)]];
      },
    ],
    [
      'of another device of theirs',
      'bad_signature',
      async () => {
        const chain = await world.group(al);
        al.enrol();
        return [al, [chain.add(al, bo)], 1];
      },
    ],
    [
      'with a wrong signature',
      'bad_signature',
      async () => {
        const chain = await world.group(al);
        const { entry } = chain.add(al, bo);
        return [al, [{ entry, signature: new Chain(chain).by(al, { type: 'anchor' }).signature }]];
      },
    ],
    [
      'by a device that was revoked since',
      'device_revoked',
      async () => {
        const chain = await world.group(al);
        al.enrol();
        const entry = chain.by(al, { type: 'anchor' }, 1);
        al.revoke(1);
        return [al, [entry], 1];
      },
    ],
    [
      'that add somebody whose account is gone',
      'unknown_user',
      async () => {
        world.deleteAccount(bo);
        return [al, [(await world.group(al)).add(al, bo)]];
      },
    ],
    [
      'that add somebody under another identity',
      'stale_log',
      async () => [al, [(await world.group(al)).add(al, new GroupPerson('bo', 2))]],
    ],
    [
      'that create a group where there is one',
      'group_exists',
      async () => {
        await world.group(al);
        return [bo, [new Chain().create(bo)]];
      },
    ],
    [
      'that create a group of another name',
      'bad_request',
      async () => [al, [new Chain().create(al, 'closed', 'other@parley.example')]],
    ],
    [
      'of a group that there is not',
      'no_such_group',
      async () => {
        const chain = new Chain();
        chain.create(al);
        return [al, [chain.add(al, bo)]];
      },
    ],
    ['that are none', 'bad_request', async () => [al, [{ entry: 'AAAA', signature: `${'A'.repeat(86)}==` }]]],
  ];
  /** An entry that `person` may not write: made on a log in which they may. */
  function otherwise(chain: Chain, person: GroupPerson): SignedGroupEntryText {
    if (!chain.state) throw new Error('there is a group');
    const members = new Map(chain.state.members);
    members.set(person.address, { ...person.actor(), role: 'admin' });
    const pretended = new Chain();
    pretended.state = { ...chain.state, members };
    return pretended.by(person, { type: 'policy', policy: 'open' });
  }
  test.each(refused)('%s are refused', async (_, code, wrong) => {
    const [person, entries, device = 0] = await wrong();
    await expect(world.ask(appended(person, entries, device))).rejects.toThrow(code);
    expect(world.unsettled.size).toBe(0);
  });

  test('let anybody join an open group, and not whom it refuses or a closed one', async () => {
    const chain = new Chain();
    await world.ask(appended(al, [chain.create(al, 'open')]));
    expect(await world.ask(appended(bo, [chain.by(bo, { type: 'join' })]))).toEqual({ number: 2 });
    await world.ask(appended(al, [chain.remove(al, bo)]));
    const pretended = new Chain();
    pretended.state = chain.state && { ...chain.state, refused: new Map() };
    await expect(world.ask(appended(bo, [pretended.by(bo, { type: 'join' })]))).rejects.toThrow('group_refused');
    await world.ask(appended(al, [chain.by(al, { type: 'policy', policy: 'closed' })]));
    const opened = new Chain();
    opened.state = chain.state && { ...chain.state, policy: 'open' };
    await expect(world.ask(appended(cy, [opened.by(cy, { type: 'join' })]))).rejects.toThrow('group_closed');
  });
});

describe('a removed member', () => {
  test('is not delivered what is sent after the removal, and cannot send', async () => {
    const chain = await world.group(al, bo, cy);
    await world.ask(appended(al, [chain.remove(al, bo)]));
    await expect(world.ask(sent(bo, chain, [al]))).rejects.toThrow('not_a_member');
    await expect(world.ask(sent(al, chain, [bo, cy]))).rejects.toThrow('bad_envelope');
    expect(deliveredTo(await world.give(sent(al, chain, [cy])))).toEqual([[cy.address, 5]]);
  });
});

function boTold() {
  return { type: 'account' as const, address: bo.address, ask: ALL_ASKS, log: bo.log };
}
