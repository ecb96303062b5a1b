import { beforeEach, describe, expect, it } from 'vitest';
import { encodeSignedEntry } from '#protocol/account-entry.ts';
import { SUITE } from '#protocol/envelope.ts';
import { enrolDevice } from '../crypto/account.ts';
import { nodeRandom } from '../node/platform.ts';
import { AL, type AtDouble, atDouble, BO, CY } from '../test/at-double.ts';
import { groupStateOf } from '../test/group-double.ts';
import { membersOf, NOTHING, recordOf, reopenedAfterGaps, TEAM, tells, told } from '../test/groups.ts';
import { PASSWORD, type Person } from '../test/people.ts';

let server: AtDouble['server'];
let people: AtDouble['people'];
let al: Person;
let bo: Person;
let cy: Person;

beforeEach(async () => {
  ({ server, people, al, bo, cy } = await atDouble(['al', 'bo', 'cy']));
});

/** An account that nobody uses: its log alone is at the server. */
function stranger(name: string): string {
  const address = `${name}@localhost`;
  const device = { x25519Secret: nodeRandom(32), ed25519Seed: nodeRandom(32) };
  const entry = enrolDevice({ address, identitySeed: nodeRandom(32), state: undefined }, device, [SUITE], 1);
  const rest = { type: 'signup.finish', id: 1, registration: '', record: '', vault: '' } as const;
  server.accounts.create({ ...rest, address, entry: encodeSignedEntry(entry) });
  return address;
}

describe('a closed group', () => {
  it('is one append of its creation and its members, and known to all of them, verified', async () => {
    await al.client.groups.create(TEAM, { members: [BO, AL, CY, BO] });
    await Promise.all([al, bo, cy].map((person) => tells(person, 'add cy')));
    for (const person of [al, bo, cy]) {
      expect(await membersOf(person)).toEqual(['al admin', 'bo member', 'cy member']);
      const { state, conversation } = await recordOf(person);
      expect(conversation).toBe(`#${TEAM}`);
      expect(state.position).toEqual((await recordOf(al)).state.position);
    }
    expect(told(al)).toEqual(['create al', 'add bo', 'add cy']);
    expect(told(bo)).toEqual(['add bo', 'add cy']);
    expect(told(cy)).toEqual(['add cy']);
    expect((await recordOf(cy)).start).toBe(2);
  });

  it('tells whom it removes by whom, and shows them nothing of what comes later', async () => {
    await al.client.groups.create(TEAM, { members: [BO, CY] });
    await tells(cy, 'add cy');
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    await bo.client.groups.remove(TEAM, CY);
    await Promise.all([al, bo, cy].map((person) => tells(person, 'remove cy')));
    expect((await recordOf(cy)).ended).toMatchObject({ how: 'removed', by: BO });
    await expect(cy.client.groups.members(TEAM)).rejects.toThrow(`${BO} removed you from #${TEAM}.`);
    expect(await cy.client.groups.list(true)).toEqual([]);
    await expect(cy.client.groups.join(TEAM)).rejects.toThrow('one of its admins has to add you');
    await al.client.groups.add(TEAM, [CY]);
    await cy.until(() => told(cy).filter((line) => line === 'add cy').length === 2);
    expect(await membersOf(cy)).toEqual(['al admin', 'bo admin', 'cy member']);
    expect((await recordOf(cy)).ended).toBeUndefined();
  });

  it('says what may not be done, naming the group and the person', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    await tells(bo, 'add bo');
    const { groups } = al.client;
    await expect(bo.client.groups.add(TEAM, [CY])).rejects.toMatchObject({
      code: 'not_an_admin',
      message: `Only an admin of #${TEAM} may do that.`,
    });
    await expect(groups.leave(TEAM)).rejects.toMatchObject({ code: 'hand_over_first' });
    await expect(groups.add(TEAM, [BO])).rejects.toThrow(`${BO} is a member of #${TEAM} already.`);
    await expect(groups.add(TEAM, [AL])).rejects.toThrow(`You are a member of #${TEAM} already.`);
    await expect(groups.remove(TEAM, CY)).rejects.toThrow(`${CY} is not a member of #${TEAM}.`);
    await expect(groups.setRole(TEAM, AL, 'admin')).rejects.toThrow(`${AL} is an admin of #${TEAM} already.`);
    await expect(groups.add(TEAM, ['nobody@localhost'])).rejects.toThrow('There is no user nobody@localhost here.');
    await expect(groups.create(TEAM)).rejects.toMatchObject({ code: 'group_exists' });
    await expect(groups.leave('other@localhost')).rejects.toThrow('You are not a member of #other@localhost.');
    await groups.remove(TEAM, BO);
    await expect(groups.leave(TEAM)).rejects.toThrow(`You are the only member of #${TEAM}: delete it instead.`);
    await groups.delete(TEAM);
    await expect(groups.add(TEAM, [BO])).rejects.toThrow(`${AL} deleted #${TEAM}.`);
  });

  it('takes what two admins do at once, one after the other; what the other has done already is said', async () => {
    const [di, ed] = [stranger('di'), stranger('ed')];
    await al.client.groups.create(TEAM, { members: [BO] });
    await tells(bo, 'add bo');
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    await Promise.all([al.client.groups.add(TEAM, [di]), bo.client.groups.add(TEAM, [ed])]);
    await Promise.all([al, bo].map((person) => tells(person, 'add di', 'add ed')));
    expect(groupStateOf(server.groups.of(TEAM).log).members.size).toBe(4);
    const both = await Promise.allSettled([al, bo].map(({ client }) => client.groups.remove(TEAM, di)));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const late = both.find(({ status }) => status === 'rejected');
    expect(late).toMatchObject({ reason: { code: 'no_such_member' } });
  });

  it('of more members than one append takes is created in several', async () => {
    const members = Array.from({ length: 130 }, (_, i) => stranger(`member${i}`));
    await al.client.groups.create(TEAM, { members: [...members, BO] });
    expect(await al.client.groups.list(true)).toEqual([{ name: TEAM, policy: 'closed', members: 132 }]);
    await tells(bo, 'add bo');
    expect(await bo.client.groups.list(true)).toEqual([{ name: TEAM, policy: 'closed', members: 132 }]);
  });

  it('is created once, also where the connection ends ahead of the answer', async () => {
    let times = 1;
    server.lies.forgetsAnswer = () => times-- > 0;
    await al.client.groups.create(TEAM, { members: [BO] });
    expect(times).toBeLessThan(0);
    expect(server.groups.of(TEAM).log).toHaveLength(2);
    expect(await membersOf(al)).toEqual(['al admin', 'bo member']);
  });

  it('that changes all the time is given up for now, with a sentence', async () => {
    await al.client.groups.create(TEAM);
    let times = 0;
    server.lies.refuseEntries = () => {
      times += 1;
      return 'stale_group';
    };
    await expect(al.client.groups.add(TEAM, [BO])).rejects.toThrow(`Others are changing #${TEAM} all the time.`);
    expect(times).toBe(8);
  });

  it('has somebody who began anew under the same name as another member, for devices that come later, too', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(bo, 'admin bo');
    await bo.client.groups.add(TEAM, [CY]);
    await tells(cy, 'add cy');
    await tells(al, 'add cy');
    server.accounts.delete(BO);
    await bo.client.close();
    const anew = await people.signUp('bo');
    await anew.online();
    await al.client.exists(BO);
    await al.client.trust(BO, (await al.client.safetyNumber(BO)).changed ?? '');
    await al.client.groups.add(TEAM, [BO]);
    await tells(anew, 'add bo');
    await anew.client.groups.leave(TEAM);
    await tells(cy, 'leave bo');
    const late = await people.logIn('cy');
    await late.online();
    // As far as the first bo is concerned, nobody can show who that was; al has stood for it.
    expect(await membersOf(late)).toEqual(['al admin', 'cy member']);
    for (const person of [al, cy, late]) expect(person.of('group')).toEqual([]);
  });

  it('does not take somebody whose identity has changed before that is accepted', async () => {
    await al.client.safetyNumber(BO);
    server.accounts.delete(BO);
    stranger('bo');
    await al.client.exists(BO);
    await expect(al.client.groups.create(TEAM, { members: [BO] })).rejects.toMatchObject({
      reason: 'identity_changed',
    });
    expect(() => server.groups.of(TEAM)).toThrow();
  });
});

describe('what is told of a group', () => {
  it('stands in the journal between the messages that came before and after it', async () => {
    await al.say(BO, 'zero');
    await bo.until(() => bo.texts.length === 1);
    await bo.client.close();
    await al.say(BO, 'one');
    await al.client.groups.create(TEAM, { members: [BO] });
    await al.say(BO, 'two');
    const back = await people.reopen(bo);
    await back.online();
    await back.until(() => back.texts.length === 2);
    const order = back.heard.flatMap((event) =>
      event.type === 'message' || event.type === 'membership' ? [event.type] : [],
    );
    expect(order).toEqual(['message', 'membership', 'message']);
    // Acked as one of them, too.
    await al.until(() => al.of('delivered').length === 3);
    expect(server.boxes.get(encodeDevice(back))).toEqual([]);
  });

  it('of its members says whose safety numbers were compared, of that very identity', async () => {
    await al.client.groups.create(TEAM, { members: [BO, CY] });
    await al.client.verify(BO);
    expect(await al.client.groups.members(TEAM)).toEqual([
      { address: AL, role: 'admin', verified: true },
      { address: BO, role: 'member', verified: true },
      { address: CY, role: 'member', verified: false },
    ]);
  });
});

describe('an open group', () => {
  it('is created by who joins first, and joined by others, who verify it from what was stated last', async () => {
    expect(await al.client.groups.join(TEAM)).toEqual({ created: true });
    expect(await bo.client.groups.join(TEAM)).toEqual({ created: false });
    expect(await cy.client.groups.join(TEAM)).toEqual({ created: false });
    await Promise.all([al, bo, cy].map((person) => tells(person, 'join cy')));
    for (const person of [al, bo, cy]) expect(await membersOf(person)).toEqual(['al admin', 'bo member', 'cy member']);
    expect(told(cy)).toEqual(['join cy']);
    expect(await cy.client.groups.list(false)).toEqual([{ name: TEAM, policy: 'open', members: 3 }]);
    await expect(cy.client.groups.join(TEAM)).rejects.toThrow(`You are a member of #${TEAM} already.`);
  });

  it('is left and joined again; whom it removed an admin has to add', async () => {
    await al.client.groups.create(TEAM, { open: true });
    await bo.client.groups.join(TEAM);
    await bo.client.groups.leave(TEAM);
    expect((await recordOf(bo)).ended).toMatchObject({ how: 'left' });
    await bo.client.groups.join(TEAM);
    await tells(al, 'leave bo');
    await al.until(() => told(al).filter((line) => line === 'join bo').length === 2);
    await al.client.groups.remove(TEAM, BO);
    await expect(bo.client.groups.join(TEAM)).rejects.toThrow(`You were removed from #${TEAM}`);
    await al.client.groups.add(TEAM, [BO]);
    await bo.until(() => told(bo).includes('add bo'));
  });

  it('called lobby has no admin', async () => {
    await al.client.groups.join('lobby@localhost');
    expect(await al.client.groups.list(true)).toEqual([{ name: 'lobby@localhost', policy: 'lobby', members: 1 }]);
    expect(await al.client.groups.members('lobby@localhost')).toEqual([
      { address: AL, role: 'member', verified: true },
    ]);
    await al.client.groups.leave('lobby@localhost');
  });

  it('joined by two at once has both in it', async () => {
    const both = await Promise.all([al, bo].map(({ client }) => client.groups.join(TEAM)));
    expect(both.map(({ created }) => created).sort()).toEqual([false, true]);
    await Promise.all(
      [al, bo].map((person) =>
        person.until(() => told(person).includes('join bo') || told(person).includes('join al')),
      ),
    );
    expect(groupStateOf(server.groups.of(TEAM).log).members.size).toBe(2);
  });
});

describe('the devices of a person', () => {
  it('learn the groups that they are in, also one that comes later; that is no news', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    await tells(bo, 'add bo');
    const second = await people.logIn('bo');
    await second.online();
    expect(await membersOf(second)).toEqual(['al admin', 'bo member']);
    expect((await recordOf(second)).start).toBe(0);
    expect(told(second)).toEqual([]);
  });

  it('mark as ended what the server does not show any more, until it shows it again', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    await tells(bo, 'add bo');
    await bo.client.close();
    server.lies.hand = (item) => (item.type === 'entries' ? [NOTHING] : [item]);
    await al.client.groups.remove(TEAM, BO);
    const { back, pass } = await reopenedAfterGaps(people, bo);
    await back.online();
    await back.until(() => back.of('synced').length > 0);
    // What is not known yet waits until this session has learned which groups there are.
    await back.client.groups.find('other@localhost');
    expect((await recordOf(back)).ended).toMatchObject({ how: 'unlisted' });
    // The entry that removes them may be on its way.
    expect(back.of('group')).toEqual([]);
    pass();
    await back.until(() => back.of('group').length > 0);
    expect(back.of('group')).toMatchObject([{ change: 'refused_log', conversation: `#${TEAM}` }]);
    delete server.lies.hand;
    await al.client.groups.add(TEAM, [BO]);
    await tells(back, 'add bo');
    expect((await recordOf(back)).ended).toBeUndefined();
  });

  it('may do what they may do now, also where they were told nothing of it', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    await tells(bo, 'add bo');
    await bo.client.close();
    await al.client.groups.setRole(TEAM, BO, 'admin');
    const sending = await people.reopen(bo);
    await sending.client.connect({ receive: false });
    await sending.client.groups.add(TEAM, [CY]);
    await sending.client.groups.update(TEAM);
    expect(await membersOf(sending)).toEqual(['al admin', 'bo admin', 'cy member']);
    await expect(sending.client.groups.add(TEAM, [CY])).rejects.toMatchObject({ code: 'already_a_member' });
  });

  it('anchor the groups in which they wrote before one of them was revoked', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    await bo.client.groups.find(TEAM);
    const second = await people.logIn('al');
    await second.online();
    await second.client.groups.find(TEAM);
    await second.client.groups.add(TEAM, [CY]);
    await tells(al, 'add cy');
    await al.client.revoke(encodeDevice(second), PASSWORD);
    await al.client.settled();
    const log = server.groups.of(TEAM).log;
    expect(groupStateOf(log).position.index).toBe(3);
    // Who did not see what it wrote in time counts it, too.
    const late = await people.logIn('bo');
    await late.online();
    expect(await membersOf(late)).toEqual(['al admin', 'bo member', 'cy member']);
  });

  it('keep aside what a revoked one wrote, until something in use stands on it', async () => {
    await al.client.groups.create(TEAM, { members: [BO] });
    const second = await people.logIn('al');
    await second.online();
    await second.client.groups.add(TEAM, [CY]);
    await tells(bo, 'add cy');
    server.lies.refuseEntries = () => 'busy';
    await al.client.revoke(encodeDevice(second), PASSWORD);
    await al.client.settled();
    delete server.lies.refuseEntries;
    const late = await people.logIn('bo');
    await late.online();
    expect(await membersOf(late)).toEqual(['al admin', 'bo member']);
    expect((await recordOf(late)).suspended).toHaveLength(1);
    await al.client.groups.setRole(TEAM, BO, 'admin');
    await tells(late, 'add cy', 'admin bo');
    expect(await membersOf(late)).toEqual(['al admin', 'bo admin', 'cy member']);
    expect((await recordOf(late)).suspended).toBeUndefined();
  });
});

function encodeDevice({ client }: Person): string {
  return client.account.device;
}
