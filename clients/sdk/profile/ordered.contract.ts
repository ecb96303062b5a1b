// The lines of a group stand in the order of their numbers, on whatever storage: own ones that wait for theirs, late ones, what a lying server gives.
import { expect, test } from 'vitest';
import { decodeText, encodeText } from '#protocol/bytes.ts';
import { exampleChain, exampleMessage, random } from './example.fixture.ts';
import type { NewMessage, OutboxItem, Profile, Received } from './profile.ts';
import { type ProfileOn, printed } from './profile-on.fixture.ts';

const TEAM = '#team@example.org';
const BO = 'bo@example.org';

/** Text n of the group, which is its number n. */
function numbered(chain: readonly Received[], orders: readonly number[], change: Partial<Received> = {}): Received[] {
  return chain.map((message, at) => {
    const order = orders[at] ?? 0;
    return { ...message, conversation: TEAM, order, epoch: 1, joined: 0, content: text(`n${order}`), ...change };
  });
}

function text(said: string): Uint8Array {
  return Uint8Array.of(1, ...encodeText(said));
}

function own(said: string, change: Partial<NewMessage> = {}): NewMessage {
  return exampleMessage({ conversation: TEAM, group: 'team@example.org', content: text(said), ...change });
}

function accept(profile: Profile, item: OutboxItem | undefined, order: number, mh = item?.mh): Promise<number[]> {
  if (item === undefined || mh === undefined) throw new Error('nothing was queued');
  return profile.sending.accepted([item.number], 5_000, [], [{ number: item.number, order, mh }]);
}

async function lines(profile: Profile): Promise<string[]> {
  return (await profile.history.before(TEAM, 100)).map(({ content }) => decodeText(content.subarray(1)));
}

export function orderedContract({ start }: ProfileOn): void {
  test('an own message stands at the end until it has its number, and then there; it is found and deleted in its new place', async () => {
    const { profile, account } = await start();
    const [mine] = await profile.sending.enqueue([own('mine', { expiry: 9_000 })]);
    const messages = numbered(exampleChain(3, { from: BO }), [1, 2, 4]);
    await profile.receiving.commitReceived({ messages });
    expect(await lines(profile)).toEqual(['n1', 'n2', 'n4', 'mine']);
    expect(await accept(profile, mine, 3)).toEqual([]);
    expect(await lines(profile)).toEqual(['n1', 'n2', 'mine', 'n4']);
    const [found] = await profile.history.search({ text: 'mine', limit: 5 }, 0);
    expect(found).toMatchObject({ order: 3, own: true, sent: { outcome: 'accepted' } });
    expect(await profile.sending.numbered(TEAM, account.device, 1)).toMatchObject({ id: mine?.id });
    expect(await profile.receiving.known(TEAM, account.device, 1)).toEqual({ mh: mine?.mh, order: 3 });
    expect(await profile.history.deleteExpired(9_001)).toBe(1);
    expect(await lines(profile)).toEqual(['n1', 'n2', 'n4']);
    expect(await profile.history.search({ text: 'mine', limit: 5 }, 0)).toEqual([]);
  });

  test('what was refused stays where the group was then, and gets out of the way of what comes', async () => {
    const { profile } = await start();
    const chain = exampleChain(3, { from: BO });
    await profile.receiving.commitReceived({ messages: numbered(chain.slice(0, 2), [1, 2]) });
    const [mine, next] = await profile.sending.enqueue([own('no'), own('neither')]);
    await profile.sending.drop(mine?.number ?? 0, 'not_a_member');
    await profile.sending.drop(next?.number ?? 0, 'not_a_member');
    await profile.receiving.commitReceived({ messages: numbered(chain.slice(2), [3]) });
    expect(await lines(profile)).toEqual(['n1', 'n2', 'no', 'neither', 'n3']);
  });

  test('an own message with a higher number makes no other one late; a late slot takes its place and is one', async () => {
    const { profile } = await start();
    const chain = exampleChain(3, { from: BO });
    const [mine] = await profile.sending.enqueue([own('n2')]);
    await accept(profile, mine, 2);
    const [line] = await profile.history.before(TEAM, 1);
    await profile.history.markRead(TEAM, [line?.position ?? 0]);
    await profile.receiving.commitReceived({ messages: numbered([...chain.slice(0, 1), ...chain.slice(2)], [1, 4]) });
    expect((await profile.history.conversation(TEAM))?.unread).toEqual({ [BO]: 2 });
    expect((await profile.history.before(TEAM, 9)).map(({ late }) => late)).toEqual([undefined, undefined, undefined]);
    const shown = (await profile.history.before(TEAM, 9)).map(({ position }) => position);
    await profile.history.markRead(TEAM, shown);
    await profile.receiving.commitReceived({ messages: numbered(chain.slice(1, 2), [3]) });
    expect(await lines(profile)).toEqual(['n1', 'n2', 'n3', 'n4']);
    expect((await profile.history.late(TEAM)).map(({ order, late }) => [order, late])).toEqual([[3, true]]);
  });

  test('a number that a server gives twice is shown as that, and both messages stay', async () => {
    const { profile } = await start();
    const [one] = numbered(exampleChain(1, { from: BO }), [7]);
    const [other] = numbered(exampleChain(1, { from: 'cy@example.org' }), [7], { content: text('again') });
    if (one === undefined || other === undefined) throw new Error('no messages');
    await profile.receiving.commitReceived({ messages: [one, other] });
    expect(await lines(profile)).toEqual(['n7', 'again']);
    const events = await printed(profile);
    expect(events.map(({ type }) => type)).toEqual(['message', 'unreadable', 'message']);
    expect(events[1]).toMatchObject({ reason: expect.stringMatching(/^order:.* number 7 /), conversation: TEAM });
  });

  test('numbers that stand against the order of writing are shown as that', async () => {
    const { profile } = await start();
    const [first, second] = numbered(exampleChain(2, { from: BO }), [9, 4]);
    if (first === undefined || second === undefined) throw new Error('no messages');
    await profile.receiving.commitReceived({ messages: [first, second] });
    const faults = (await printed(profile)).filter(({ type }) => type === 'unreadable');
    expect(faults).toMatchObject([{ reason: expect.stringMatching(/^order:.* message 2 .* number 4 /), from: BO }]);
    expect(await lines(profile)).toEqual(['n4', 'n9']);
  });

  test('what the group took as other bytes than are here is told, and what follows quotes those', async () => {
    const { profile } = await start();
    const [mine] = await profile.sending.enqueue([own('mine')]);
    const taken = random(32);
    expect(await accept(profile, mine, 1, taken)).toEqual([mine?.number]);
    const quoted: Uint8Array[] = [];
    const seal: NewMessage['seal'] = (seq, previous) => {
      quoted.push(previous);
      return exampleMessage().seal(seq, previous);
    };
    await profile.sending.enqueue([own('next', { seal })]);
    expect(quoted).toEqual([taken]);
  });

  test('numbers of while this person was out of the group are awaited of nobody', async () => {
    const { profile } = await start();
    const chain = exampleChain(9, { from: BO });
    const [first] = numbered(chain, [1]);
    const [back] = numbered(chain.slice(6, 7), [20], { epoch: 5, joined: 5 });
    const [last] = numbered(chain.slice(8), [22], { epoch: 5, joined: 5 });
    for (const one of [first, back]) if (one) await profile.receiving.commitReceived({ messages: [one] });
    expect(await profile.receiving.gaps(9)).toEqual([]);
    expect(await profile.receiving.latest(TEAM)).toMatchObject({ order: 20, epoch: 5, since: 20 });
    if (last) await profile.receiving.commitReceived({ messages: [last] });
    expect(await profile.receiving.gaps(9)).toMatchObject([{ first: 8, last: 8 }]);
  });

  test('of a message to more people than are named, numbers are counted, and never more than there are', async () => {
    const { profile, account } = await start();
    const [mine] = await profile.sending.enqueue([own('mine', { recipients: [], counted: 60 })]);
    await accept(profile, mine, 1);
    const { device } = account;
    const count = (counts: { delivered: number; expired: number; refused: number }) =>
      profile.sending.count([{ device, id: mine?.id ?? '', ...counts }]);
    await count({ delivered: 20, expired: 0, refused: 1 });
    await count({ delivered: 35, expired: 9, refused: 9 });
    const counts = { of: 60, delivered: 55, expired: 5, refused: 0 };
    expect((await profile.sending.sent(device, mine?.id ?? ''))?.counts).toEqual(counts);
    expect((await profile.sending.sent(device, mine?.id ?? ''))?.recipients).toEqual({});
  });
}
