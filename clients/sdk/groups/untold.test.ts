import { beforeEach, describe, expect, it } from 'vitest';
import { AL, type AtDouble, atDouble, BO, CY } from '../test/at-double.ts';
import { heldEntries, membersOf, NOTHING, recordOf, reopenedAfterGaps, TEAM, tells, told } from '../test/groups.ts';
import type { Person } from '../test/people.ts';

let server: AtDouble['server'];
let people: AtDouble['people'];
let al: Person;
let bo: Person;

beforeEach(async () => {
  ({ server, people, al, bo } = await atDouble(['al', 'bo', 'cy']));
});

describe('who was away', () => {
  it('is told who added them, once, however they learned of the group first', async () => {
    await bo.client.close();
    await al.client.groups.create(TEAM, { members: [BO, CY] });
    // Sends only: nothing is pushed to it, and it learns of the group from the list.
    const sending = await people.reopen(bo);
    await sending.client.connect({ receive: false });
    await sending.client.online();
    expect(await sending.client.groups.list(true)).toMatchObject([{ name: TEAM, members: 3 }]);
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await sending.client.groups.update(TEAM);
    expect(told(sending)).toEqual([]);
    await sending.client.close();
    const back = await people.reopen(bo);
    await back.online();
    await tells(back, 'admin bo');
    expect(told(back)).toEqual(['add bo', 'add cy', 'admin bo']);
    expect((await recordOf(back)).untold).toBeUndefined();
  });

  it('is told by whom they were removed, and of nothing that would be wrong', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    await tells(bo, 'add bo');
    await bo.client.close();
    await al.client.groups.remove(TEAM, BO);
    const back = await people.reopen(bo);
    await back.online();
    await tells(back, 'remove bo');
    await back.client.groups.find(TEAM);
    expect(back.of('group')).toEqual([]);
    expect((await recordOf(back)).ended).toMatchObject({ how: 'removed', by: AL });
  });

  it('is told who added them, though a session learns of the group before that comes', async () => {
    await bo.client.close();
    await al.client.groups.create(TEAM, { members: [CY, BO] });
    const held = heldEntries(server, bo);
    const back = await people.reopen(bo);
    await back.online();
    expect(await membersOf(back)).toEqual(['al admin', 'bo member', 'cy member']);
    await back.until(() => held.length > 0);
    expect(told(back)).toEqual([]);
    delete server.lies.hand;
    // The server hands them on again to whoever has not acked them.
    for (const item of [...held, ...held]) server.give(bo.client.account.device, item);
    await al.client.groups.remove(TEAM, CY);
    await tells(back, 'remove cy');
    expect(told(back)).toEqual(['add bo', 'remove cy']);
  });

  it('is told that they were added, removed and added again, though the list of groups comes late', async () => {
    await bo.client.close();
    await al.client.groups.create(TEAM, { members: [BO, CY] });
    await al.client.groups.remove(TEAM, BO);
    await al.client.groups.add(TEAM, [BO]);
    server.lies.groupList = () => ({ groups: [], more: false });
    const back = await people.reopen(bo);
    await back.online();
    await back.until(() => back.of('synced').length > 0);
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(back, 'admin bo');
    expect(told(back)).toEqual(['add bo', 'add cy', 'remove bo', 'add bo', 'admin bo']);
    expect(await recordOf(back)).not.toHaveProperty('untold');
  });

  it('is told what they did themselves behind what was done before, though they had not been told of that yet', async () => {
    await bo.client.close();
    await al.client.groups.create(TEAM, { members: [BO, CY] });
    const held = heldEntries(server, bo);
    const back = await people.reopen(bo);
    await back.online();
    await back.client.groups.leave(TEAM);
    await back.until(() => held.length === 2);
    expect(told(back)).toEqual([]);
    delete server.lies.hand;
    for (const item of held) server.give(bo.client.account.device, item);
    await tells(back, 'leave bo');
    expect(told(back)).toEqual(['add bo', 'add cy', 'leave bo']);
  });

  it('is told that they were removed and added again also where both come at once', async () => {
    await al.client.groups.create(TEAM, { members: [BO, CY] });
    await tells(bo, 'add cy');
    await bo.client.close();
    await al.client.groups.remove(TEAM, BO);
    await al.client.groups.remove(TEAM, CY);
    await al.client.groups.add(TEAM, [BO]);
    const back = await people.reopen(bo);
    await back.online();
    await tells(back, 'add bo');
    expect(told(back)).toEqual(['remove bo', 'add bo']);
    expect(await membersOf(back)).toEqual(['al admin', 'bo member']);
  });
});

describe('a server that holds entries back', () => {
  it('cannot keep from a newcomer who came and went behind them: what it does not hand on is told in time', async () => {
    await bo.client.close();
    await al.client.groups.create(TEAM, { members: [BO] });
    await al.client.groups.add(TEAM, [CY]);
    await al.client.groups.remove(TEAM, CY);
    const device = bo.client.account.device;
    let handed = 0;
    server.lies.hand = (item, to) => (item.type === 'entries' && to === device && handed++ > 0 ? [NOTHING] : [item]);
    server.lies.groupList = () => ({ groups: [], more: false });
    const { back, pass } = await reopenedAfterGaps(people, bo);
    await back.online();
    await Promise.all([tells(back, 'add bo'), back.until(() => back.of('synced').length > 0)]);
    expect(told(back)).toEqual(['add bo']);
    pass();
    await tells(back, 'remove cy');
    delete server.lies.hand;
    // What it hands on after all is no news any more.
    const { group, log } = server.groups.of(TEAM);
    for (const entry of log.slice(2)) {
      const entries = [entry];
      server.give(device, { type: 'entries', name: TEAM, group, number: 1, entries, receivedAt: 0 });
    }
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(back, 'admin bo');
    expect(told(back)).toEqual(['add bo', 'add cy', 'remove cy', 'admin bo']);
    expect(await recordOf(back)).not.toHaveProperty('untold');
  });

  it('cannot keep it from a newcomer who is there all the time either', async () => {
    await bo.client.close();
    const { back, pass } = await reopenedAfterGaps(people, bo);
    await back.online();
    await back.until(() => back.of('synced').length > 0);
    pass();
    const held = heldEntries(server, bo);
    await al.client.groups.create(TEAM, { members: [BO] });
    await al.client.groups.add(TEAM, [CY]);
    const [first = NOTHING] = held;
    delete server.lies.hand;
    server.give(bo.client.account.device, first);
    await tells(back, 'add bo');
    await back.client.groups.update(TEAM);
    expect(told(back)).toEqual(['add bo']);
    pass();
    await tells(back, 'add cy');
    expect(told(back)).toEqual(['add bo', 'add cy']);
  });

  it('cannot keep from a device that it hands nothing who comes: what the device looks up is told in time', async () => {
    await bo.client.close();
    await al.client.groups.create(TEAM, { members: [BO] });
    const device = bo.client.account.device;
    server.lies.hand = (item, to) => (item.type === 'entries' && to === device ? [NOTHING] : [item]);
    const { back, pass } = await reopenedAfterGaps(people, bo);
    await back.online();
    expect(await membersOf(back)).toEqual(['al admin', 'bo member']);
    await back.until(() => back.of('synced').length > 0);
    pass();
    await al.client.groups.add(TEAM, [CY]);
    await back.client.groups.update(TEAM);
    expect(told(back)).toEqual([]);
    pass();
    await tells(back, 'add cy');
    expect(told(back)).toEqual(['add cy']);
  });

  it('cannot leave out who came, and hand on what follows: what is left out is told before it', async () => {
    await bo.client.close();
    await al.client.groups.create(TEAM, { members: [BO] });
    await al.client.groups.add(TEAM, [CY]);
    await al.client.groups.setRole(TEAM, BO, 'admin');
    const device = bo.client.account.device;
    server.lies.hand = (item, to) =>
      item.type === 'entries' && to === device && item.entries[0]?.entry === server.groups.of(TEAM).log[2]?.entry
        ? [NOTHING]
        : [item];
    server.lies.groupList = () => ({ groups: [], more: false });
    const back = await people.reopen(bo);
    await back.online();
    await tells(back, 'admin bo');
    expect(told(back)).toEqual(['add bo', 'add cy', 'admin bo']);
  });
});
