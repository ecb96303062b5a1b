// Messages in groups, as people send and read them: over a server double, whose lies each test chooses.
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeConversation } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { decodeHeader } from '#protocol/envelope.ts';
import type { NoticeBody } from '#protocol/frames/server.ts';
import { AL, type AtDouble, atDouble, BO, CY } from '../test/at-double.ts';
import { TEAM } from '../test/groups.ts';
import { PASSWORD, type Person } from '../test/people.ts';

const ROOM = `#${TEAM}`;

let server: AtDouble['server'];
let people: AtDouble['people'];
let al: Person;
let bo: Person;
let cy: Person;

beforeEach(async () => {
  ({ server, people, al, bo, cy } = await atDouble(['al', 'bo', 'cy']));
  await al.client.groups.create(TEAM, { members: [BO, CY] });
  await Promise.all([knows(bo), knows(cy)]);
});

/** Resolves when this person has come into the group. */
const knows = (person: Person) => person.until(() => person.of('membership').length > 0);
const hears = (person: Person, text: string) => person.until(({ texts }) => texts.includes(text));

async function lines(person: Person): Promise<string[]> {
  const entries = await person.client.history.before(ROOM, 100);
  return entries.map(({ from, order, content }) => {
    const text = new TextDecoder().decode(content.subarray(1));
    return `${order ?? '-'} ${from.replace('@localhost', '')}: ${text}`;
  });
}

async function statesOf(person: Person, id: string): Promise<Record<string, string>> {
  const line = (await person.client.history.before(ROOM, 100)).find((entry) => entry.id === id);
  return Object.fromEntries(Object.entries(line?.sent?.recipients ?? {}).map(([who, { state }]) => [who, state]));
}

/** The group as notices name it. */
const room = () => {
  const conversation = { kind: 'group', group: decodeBase64(server.groups.of(TEAM).group) } as const;
  return encodeBase64(encodeConversation(conversation));
};

function tell({ client }: Person, notice: NoticeBody): void {
  server.give(client.account.device, { type: 'notice', notice });
}

/** The epochs of what was accepted of this group, in order. */
const epochs = () =>
  server.sends.filter(({ group }) => group === TEAM).map(({ header }) => decodeHeader(decodeBase64(header)).epoch);

describe('a message to a group', () => {
  it('reaches every member and the own other device, sealed once, in one order for all', async () => {
    const desk = await people.logIn('al');
    await desk.online();
    await desk.until((person) => person.of('synced').length > 0);
    await al.until((person) => person.of('identity').some(({ change }) => change === 'device_added'));
    await al.say(ROOM, 'first');
    await hears(bo, 'first');
    await bo.say(ROOM, 'second', 'third');
    await Promise.all([hears(al, 'third'), hears(cy, 'third'), hears(desk, 'third')]);
    const all = ['4 al: first', '5 bo: second', '6 bo: third'];
    for (const person of [al, bo, cy, desk]) expect(await lines(person)).toEqual(all);
    expect(server.sends.map(({ slots }) => slots.length)).toEqual([3, 3, 3]);
  });

  it('counts each member who has it, by their own proof; a server can invent none', async () => {
    server.lies.hand = (item, device) => (item.type === 'deliver' && device === cy.client.account.device ? [] : [item]);
    const [id = ''] = await al.say(ROOM, 'who has it?');
    await al.until((person) => person.of('delivered').some(({ by }) => by === BO));
    const entry = { id, device: cy.client.account.device, by: CY, tag: encodeBase64(new Uint8Array(16)) };
    tell(al, { kind: 'group.delivered', conversation: room(), entries: [entry] });
    await bo.say(ROOM, 'a word');
    await hears(al, 'a word');
    expect(await statesOf(al, id)).toEqual({ [BO]: 'delivered', [CY]: 'accepted' });
  });

  it('that was read is told to its writer alone, by whom', async () => {
    const [id = ''] = await al.say(ROOM, 'read me');
    await Promise.all([hears(bo, 'read me'), hears(cy, 'read me')]);
    const positions = (await bo.client.history.before(ROOM, 9)).map(({ position }) => position);
    await bo.client.read(ROOM, positions);
    await bo.client.settled();
    await al.until((person) => person.of('read').length > 0);
    expect(al.of('read')).toMatchObject([{ conversation: ROOM, id, by: BO }]);
    expect(cy.of('message').map(({ entry }) => entry.conversation)).toEqual([ROOM]);
    expect((await al.client.history.conversations()).map(({ conversation }) => conversation)).toEqual([ROOM]);
  });

  it('goes to several groups and people in one act, with a result for each', async () => {
    const results = await al.client.send([ROOM, BO, '#other@localhost'], ['to all of you']);
    expect(results.map((result) => ('ids' in result ? 'queued' : result.error.message))).toEqual([
      'queued',
      'queued',
      'You are not in #other@localhost.',
    ]);
    await bo.until(({ texts }) => texts.length === 2);
  });
});

describe('a group that changed meanwhile', () => {
  it('has what was sealed before it sealed anew, unnoticed, in order', async () => {
    await al.client.close();
    al = await people.reopen(al);
    await al.client.send([ROOM], ['one', 'two', 'three']);
    await bo.client.groups.leave(TEAM);
    await al.online({ receive: false });
    await hears(cy, 'three');
    expect(await lines(cy)).toEqual(['5 al: one', '6 al: two', '7 al: three']);
    await al.client.settled();
    expect(await lines(al)).toEqual(await lines(cy));
    expect([al.of('delayed'), al.of('refused'), al.of('trouble')]).toEqual([[], [], []]);
    expect(bo.texts).toEqual([]);
    expect(cy.of('unreadable')).toEqual([]);
  });

  it('has it sealed anew once where two processes of a profile send it', async () => {
    await al.say(ROOM, 'hello');
    await al.client.close();
    const [first, second] = [await people.reopen(al), await people.reopen(al)];
    const [result] = await first.client.send([ROOM], ['one', 'two']);
    await bo.client.groups.leave(TEAM);
    await Promise.all([first.online({ receive: false }), second.online({ receive: false })]);
    await hears(cy, 'two');
    await Promise.all([first.client.settled(), second.client.settled()]);
    expect(await lines(first)).toEqual(['4 al: hello', '6 al: one', '7 al: two']);
    expect([first.of('trouble'), second.of('trouble'), cy.of('unreadable')]).toEqual([[], [], []]);
    await first.client.close();
    await second.client.close();
    const again = await people.reopen(al);
    await again.online();
    await again.until((person) => person.of('delivered').length >= 2);
    expect(result).toMatchObject({ ids: [expect.any(String), expect.any(String)] });
  });

  it('takes no message of somebody who was removed, and says by whom', async () => {
    await bo.say(ROOM, 'hello');
    await bo.client.close();
    bo = await people.reopen(bo);
    const [queued] = await bo.client.send([ROOM], ['am I in?', 'and now?']);
    await al.client.groups.remove(TEAM, BO);
    await bo.online();
    await bo.until((person) => person.of('refused').length === 2);
    expect(queued).toMatchObject({ ids: [expect.any(String), expect.any(String)] });
    await bo.until((person) => person.of('membership').some(({ change }) => change === 'remove'));
    const [late] = await bo.client.send([ROOM], ['once more']);
    expect(late).toMatchObject({ error: { message: `${AL} removed you from ${ROOM}.` } });
    expect(await bo.client.outboxSize()).toBe(0);
    await al.say(ROOM, 'without bo');
    await hears(cy, 'without bo');
    expect(await lines(bo)).toEqual(['4 bo: hello', '- bo: am I in?', '- bo: and now?']);
  });

  it('that changes again and again is tried again, and nothing is lost', async () => {
    let refusals = 0;
    server.lies.refuse = ({ group }) => (group !== undefined && refusals++ < 3 ? 'stale_group' : undefined);
    await al.say(ROOM, 'through');
    await hears(bo, 'through');
    expect(refusals).toBeGreaterThan(3);
    expect(epochs()).toHaveLength(1);
  });

  it('shows who comes later nothing of before, and who comes back no gap', async () => {
    await al.say(ROOM, 'early');
    await hears(bo, 'early');
    await al.client.groups.remove(TEAM, BO);
    await bo.until((person) => person.of('membership').some(({ change }) => change === 'remove'));
    await al.say(ROOM, 'not for bo');
    await al.client.groups.add(TEAM, [BO]);
    await bo.until((person) => person.of('membership').filter(({ change }) => change === 'add').length === 2);
    await al.say(ROOM, 'back');
    await hears(bo, 'back');
    expect(bo.texts).toEqual(['early', 'back']);
    expect([bo.of('unreadable'), bo.of('gap')]).toEqual([[], []]);
  });
});

describe('a member with another device', () => {
  it('gets what is sent from then on, and what was sent just before', async () => {
    await al.say(ROOM, 'before');
    const phone = await people.logIn('bo');
    await phone.online();
    await phone.until((person) => person.of('synced').length > 0);
    tell(al, { kind: 'stale', conversation: room(), by: BO });
    await hears(phone, 'before');
    await al.say(ROOM, 'after');
    await hears(phone, 'after');
    expect(await lines(phone)).toEqual(['4 al: before', '5 al: after']);
  });

  it('of whom the server says that a message had no slot gets it sealed anew with one', async () => {
    await al.say(ROOM, 'before');
    const phone = await people.logIn('bo');
    await phone.online();
    await phone.until((person) => person.of('synced').length > 0);
    let refused = false;
    server.lies.refuse = ({ group }) => {
      if (group === undefined || refused) return undefined;
      refused = true;
      return 'missing_slots';
    };
    await al.say(ROOM, 'with a slot');
    await hears(phone, 'with a slot');
    expect(al.of('delayed')).toEqual([]);
  });

  it('who is somebody else now is written to by nobody before the group has decided', async () => {
    await al.say(ROOM, 'before');
    await bo.client.deleteAccount(PASSWORD);
    const other = await people.signUp('bo');
    await other.online();
    await al.client.exists(BO);
    const [result] = await al.client.send([ROOM], ['to whom?']);
    expect(result).toMatchObject({
      error: { reason: 'identity_changed', message: expect.stringContaining(`${BO}, who is in ${ROOM}, has changed`) },
    });
    await al.client.trust(BO, (await al.client.safetyNumber(BO)).changed ?? '');
    const [again] = await al.client.send([ROOM], ['to whom?']);
    expect(again).toMatchObject({ error: { message: expect.stringContaining('has to add them again') } });
    await al.client.groups.add(TEAM, [BO]);
    await al.say(ROOM, 'to you');
    await hears(other, 'to you');
    expect(other.texts).toEqual(['to you']);
  });
});

describe('a server that lies about messages of a group', () => {
  it('cannot have a stranger’s message read as a member’s', async () => {
    await cy.say(ROOM, 'hello');
    await hears(bo, 'hello');
    await cy.client.close();
    const ghost = await people.reopen(cy);
    await al.client.groups.remove(TEAM, CY);
    await bo.until((person) => person.of('membership').some(({ change }) => change === 'remove'));
    const results = await ghost.client.send([ROOM], ['still here']);
    expect(results[0]).toHaveProperty('ids');
    const taken = server.groups.take.bind(server.groups);
    // It takes what it should refuse.
    server.groups.take = (name, message) => {
      try {
        return taken(name, message);
      } catch {
        return { number: 9, mh: message.mh, persons: 2 };
      }
    };
    await ghost.online({ receive: false });
    await bo.until((person) => person.of('unreadable').length > 0);
    expect(bo.of('unreadable')).toMatchObject([
      { from: CY, conversation: ROOM, reason: expect.stringMatching(/^member: /) },
    ]);
    expect(bo.texts).toEqual(['hello']);
  });

  it('and gives two members two orders is seen through by what each says to have seen', async () => {
    server.lies.hand = (item, device) => {
      if (item.type !== 'deliver' || item.group === undefined || device !== cy.client.account.device) return [item];
      return [{ ...item, group: { ...item.group, number: item.group.number + 10 } }];
    };
    await al.say(ROOM, 'one');
    await Promise.all([hears(bo, 'one'), hears(cy, 'one')]);
    await cy.say(ROOM, 'I saw it');
    await bo.until((person) => person.of('unreadable').some(({ reason }) => reason.startsWith('order: ')));
    expect(bo.of('unreadable').at(-1)).toMatchObject({ from: CY, conversation: ROOM });
  });

  it('gets a blocked member’s messages taken, and shows none of them', async () => {
    await al.client.block(BO);
    await bo.say(ROOM, 'psst');
    await cy.say(ROOM, 'hello');
    await hears(al, 'hello');
    expect(al.texts).toEqual(['hello']);
    expect([al.of('unreadable'), al.of('gap')]).toEqual([[], []]);
    const [id = ''] = await al.say(ROOM, 'and bo hears me');
    await hears(bo, 'and bo hears me');
    await al.until((person) => person.of('delivered').some((event) => event.id === id && event.by === BO));
  });
});
