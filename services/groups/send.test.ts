import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import type { GroupPerson } from '../../protocol/test/group-people.ts';
import { appended, Chain, deliveredTo, deviceName, GroupWorld, outcomes, sent } from './world.fixture.ts';

let world: GroupWorld;
let al: GroupPerson;
let bo: GroupPerson;
let cy: GroupPerson;
let chain: Chain;
beforeEach(async () => {
  world = await GroupWorld.open();
  [al, bo, cy] = [world.person('al'), world.person('bo'), world.person('cy')];
  chain = await world.group(al, bo, cy);
});
afterEach(() => world.close());

describe('a message to a group', () => {
  test('has the next number, which all members see, and its slots go to each alone', async () => {
    const turned = await world.give(sent(al, chain, [bo, cy]), sent(bo, chain, [al, cy]));
    expect(outcomes(turned)).toEqual([4, 5]);
    expect(deliveredTo(turned)).toEqual([
      [bo.address, 4],
      [cy.address, 4],
      [al.address, 5],
      [cy.address, 5],
    ]);
    const [first] = turned.effects;
    expect(first?.command).toMatchObject({
      item: { slots: { [deviceName(bo)]: 'slot' }, group: { persons: 2 }, from: al.address },
    });
    expect(first?.command).not.toHaveProperty('reply');
  });

  test('goes to the sender’s other devices, who are nobody else', async () => {
    al.enrol();
    const slots = { ...sent(al, chain, [bo, cy]).message.slots, [al.address]: { [deviceName(al, 1)]: 'slot' } };
    const { effects } = await world.give(sent(al, chain, [], { slots }));
    expect(effects.map(({ key }) => key)).toEqual([bo.address, cy.address, al.address]);
    expect(effects[0]?.command).toMatchObject({ item: { group: { persons: 2 } } });
  });

  test('that comes again has its number again, and goes out again: after a crash, to another owner, in one turn', async () => {
    const message = sent(al, chain, [bo, cy]);
    await world.crash(message);
    const again = await world.give(message, sent(bo, chain, [al, cy]), message);
    expect(outcomes(again)).toEqual([4, 5, 4]);
    expect(deliveredTo(again).filter(([, number]) => number === 4)).toHaveLength(4);
  });

  test('brings late slots to whoever was in the group then and still is, even after the group changed', async () => {
    const message = sent(al, chain, [bo, cy]);
    await world.give(message);
    const di = world.person('di');
    await world.ask(appended(al, [chain.add(al, di), chain.remove(al, cy)]));
    bo.enrol();
    const slots = { [bo.address]: { [deviceName(bo, 1)]: 's' }, [cy.address]: { c: 's' }, [di.address]: { d: 's' } };
    const late = await world.give({ ...message, message: { ...message.message, slots } });
    expect(outcomes(late)).toEqual([4]);
    expect(deliveredTo(late)).toEqual([[bo.address, 4]]);
    await world.ask(appended(al, [chain.add(al, cy)]));
    world.handOver();
    expect(deliveredTo(await world.give(message)).map(([address]) => address)).toEqual([bo.address]);
  });

  test('that was sealed anew although the first was accepted: answered with the first, and goes nowhere', async () => {
    const message = sent(al, chain, [bo, cy]);
    await world.give(message);
    const anew = { ...message, message: { ...message.message, mh: 'other', body: 'other' } };
    const { messages, effects } = await world.give(anew);
    expect(messages).toMatchObject([{ answer: { number: 4, mh: message.message.mh } }]);
    expect(effects).toEqual([]);
  });

  test('of an epoch that is over is refused, and so are the later ones until it comes again', async () => {
    const before = new Chain(chain);
    const numbered = (seq: number, on: Chain) => sent(al, on, [bo, cy], { seq });
    const stale = numbered(7, before);
    await world.ask(appended(al, [chain.by(al, { type: 'anchor' })]));
    expect(outcomes(await world.give(stale, numbered(8, chain)))).toEqual(['stale_group', 'earlier_refused']);
    expect(outcomes(await world.give(numbered(9, chain), sent(bo, chain, [al, cy], { seq: 9 })))).toEqual([
      'earlier_refused',
      5,
    ]);
    const anew = sent(al, chain, [bo, cy], { seq: 7, id: stale.message.id });
    expect(outcomes(await world.give(anew, numbered(8, chain)))).toEqual([6, 7]);
  });

  test('that lacks a member who has a device is refused, and taken once it has a slot for them', async () => {
    const message = sent(al, chain, [bo], { seq: 1 });
    expect(outcomes(await world.give(message, sent(al, chain, [bo, cy], { seq: 2 })))).toEqual([
      'missing_slots',
      'earlier_refused',
    ]);
    const slots = sent(al, chain, [bo, cy]).message.slots;
    expect(await world.ask({ ...message, message: { ...message.message, slots } })).toMatchObject({ number: 4 });
  });

  test('that is for hardly anybody has only some of them looked up, until one has a device or nobody is left', async () => {
    const others = Array.from({ length: 40 }, (_, n) => world.person(`p${n}`));
    await world.ask(
      appended(
        al,
        others.map((one) => chain.add(al, one)),
      ),
    );
    await world.turn(sent(al, chain, []));
    expect(world.asks.length).toBeLessThan(10);
    expect(outcomes(await world.answerAsks())).toEqual(['missing_slots']);
    for (const one of [bo, cy, ...others]) world.deleteAccount(one);
    expect(await world.ask(sent(al, chain, [], { seq: 1 }))).toMatchObject({ number: 44 });
  });

  test('needs no slot for a member who has no device in use, or no account any more', async () => {
    cy.revoke(0);
    expect(await world.ask(sent(al, chain, [bo]))).toMatchObject({ number: 4 });
    expect((await world.turn(sent(al, chain, [bo]))).messages).toMatchObject([{ answer: { number: 5 } }]); // known, for a while
    world.deleteAccount(bo);
    world.now += 60_001;
    expect(await world.ask(sent(al, chain, []))).toMatchObject({ number: 6 });
    cy.enrol();
    world.now += 60_001;
    await expect(world.ask(sent(al, chain, []))).rejects.toThrow('missing_slots');
  });

  test('that waits for auth holds back later ones of its device, and nobody else’s', async () => {
    cy.revoke(0);
    const [first, later] = [sent(al, chain, [bo], { seq: 1 }), sent(al, chain, [bo, cy], { seq: 2 })];
    const turned = await world.turn(first, later, sent(bo, chain, [al, cy]), first);
    expect(outcomes(turned)).toEqual([4]);
    expect(world.unsettled.size).toBe(3);
    expect(outcomes(await world.answerAsks())).toEqual([5, 6, 5]);
    expect(world.unsettled.size).toBe(0);
  });

  test('is refused where there is no such group, by strangers, and with slots for them', async () => {
    const di = world.person('di');
    await expect(world.ask(sent(di, chain, [al]))).rejects.toThrow('not_a_member');
    await expect(world.ask(sent(al, chain, [bo, cy, di]))).rejects.toThrow('bad_envelope');
    await expect(world.ask(sent(al, chain, [bo, cy], { group: 'other' }))).rejects.toThrow('no_such_group');
    const elsewhere = new Chain();
    elsewhere.create(al);
    await expect(world.ask(sent(al, elsewhere, []))).rejects.toThrow('no_such_group');
  });

  test('sent while the group is deleted comes before it, or is told so', async () => {
    const before = new Chain(chain);
    const deletes = appended(al, [chain.by(al, { type: 'delete' })]);
    const turned = await world.give(deletes, sent(bo, before, [al, cy]));
    expect(outcomes(turned)).toEqual([4, 5]);
    expect(outcomes(await world.give(sent(bo, before, [al, cy])))).toEqual(['no_such_group']);
  });

  test('that another owner overtook is not accepted by this one', async () => {
    const overtaken = await world.actor('#team@parley.example');
    world.handOver();
    await world.give(sent(bo, chain, [al, cy]));
    const plan = await overtaken.turn([{ command: sent(al, chain, [bo, cy]) }], world.now);
    await expect(world.store.write('team@parley.example', plan.writes ?? [])).rejects.toBeInstanceOf(Conflict);
  });
});
