// What counts as read and who may be told, and messages that are no lines; on whatever storage.
import { expect, test } from 'vitest';
import { encodeText } from '#protocol/bytes.ts';
import { BO, exampleChain, exampleMessage, random } from './example.fixture.ts';
import type { HistoryEntry, Profile, Received } from './profile.ts';
import { type ProfileOn, printed, told } from './profile-on.fixture.ts';

const tagged = (message: Received): Received => ({ ...message, readTag: random(16) });
const markOf = ({ from, device, seq, readTag: tag }: Received) => ({ from, device, seq, tag });
const unread = async (profile: Profile) => (await profile.history.conversation(BO))?.unread;
const positions = (lines: readonly HistoryEntry[]) => lines.map(({ position }) => position);

export function readingContract({ start }: ProfileOn): void {
  test('what becomes read is named once, with its tag, if it has one and has not expired', async () => {
    const { profile } = await start();
    const chain = exampleChain(5).map(tagged);
    const [one, two, three, four, five] = chain as [Received, Received, Received, Received, Received];
    const { readTag: _none, ...untagged } = four;
    const messages = [one, { ...two, expiry: 500 }, { ...three, expiry: 501 }, untagged, five];
    await profile.receiving.commitReceived({ messages });
    const shown = positions(await profile.history.after(BO, 4, 0));
    expect(await profile.history.read(BO, shown, 500)).toEqual([markOf(one), markOf(three)]);
    expect(await unread(profile)).toEqual({ [BO]: 1 });
    expect(await profile.history.read(BO, shown, 500)).toEqual([]);
    expect(await profile.history.read(BO, positions(await profile.history.before(BO, 1)), 500)).toEqual([markOf(five)]);
    expect((await profile.history.before(BO, 1))[0]).not.toHaveProperty('readTag');
  });

  test('what came late among what had been read is named when it is shown itself', async () => {
    const { profile } = await start();
    const [one, two, three] = exampleChain(3).map(tagged) as [Received, Received, Received];
    await profile.receiving.commitReceived({ messages: [one, three] });
    const shown = positions(await profile.history.before(BO, 2));
    expect(await profile.history.read(BO, shown, 9)).toEqual([markOf(one), markOf(three)]);
    await profile.receiving.commitReceived({ messages: [two] });
    expect(await profile.history.read(BO, shown, 9)).toEqual([]);
    expect(await profile.history.read(BO, positions(await profile.history.late(BO)), 9)).toEqual([markOf(two)]);
    expect(await unread(profile)).toEqual({});
  });

  test('a backlog of many pages is named as a whole', async () => {
    const { profile } = await start();
    const chain = exampleChain(600).map(tagged);
    await profile.receiving.commitReceived({ messages: chain });
    const shown = positions(await profile.history.before(BO, 1));
    expect(await profile.history.read(BO, shown, 9)).toEqual(chain.map(markOf));
  });

  test('what never counted as unread, and what is own, is not named', async () => {
    const { profile, account } = await start();
    const early = exampleChain(1, { early: { elsewhere: true } }).map(tagged);
    const own = exampleChain(1, { from: account.address, own: { k: random(32), recipients: [BO] } }).map(tagged);
    await profile.receiving.commitReceived({ messages: [...early, ...own] });
    expect(await profile.history.read(BO, positions(await profile.history.before(BO, 2)), 9)).toEqual([]);
  });

  test('what another device has read counts as read here, up to the first line that it has not', async () => {
    const { profile, account } = await start();
    const chain = exampleChain(5).map(tagged);
    const [one, two, three, four, five] = chain as [Received, Received, Received, Received, Received];
    const own = exampleChain(1, { from: account.address, own: { k: random(32), recipients: [BO] } });
    await profile.receiving.commitReceived({ messages: [one, ...own, two, three, four, five] });
    await profile.history.readElsewhere(BO, [markOf(one), markOf(two), markOf(four), { ...markOf(one), seq: 77 }]);
    expect(await unread(profile)).toEqual({ [BO]: 3 });
    const left = positions(await profile.history.before(BO, 3));
    expect(await profile.history.read(BO, left, 9)).toEqual([markOf(three), markOf(four), markOf(five)]);
    expect(await unread(profile)).toEqual({});
    await profile.history.readElsewhere('x@y', [markOf(one)]);
    expect(await profile.history.conversation('x@y')).toBeUndefined();
  });

  test('what came late here is not read by what another device has read behind it', async () => {
    const { profile } = await start();
    const [one, two, three] = exampleChain(3).map(tagged) as [Received, Received, Received];
    await profile.receiving.commitReceived({ messages: [one, three] });
    await profile.history.readElsewhere(BO, [markOf(one), markOf(three)]);
    await profile.receiving.commitReceived({ messages: [two] });
    expect(await unread(profile)).toEqual({ [BO]: 1 });
    await profile.history.readElsewhere(BO, [markOf(two)]);
    expect(await unread(profile)).toEqual({});
    expect(await profile.history.late(BO)).toEqual([]);
  });

  test('a hidden message has a number and goes like any other, and no line, no event and no count', async () => {
    const { profile, account } = await start();
    const hidden = exampleMessage({ kind: 'receipt', content: encodeText('not a text'), hidden: true });
    const [first, item, last] = await profile.sending.enqueue([exampleMessage(), hidden, exampleMessage()]);
    if (!first || !item || !last) throw new Error('three were enqueued');
    expect([first.seq, item.seq, last.seq]).toEqual([1, 2, 3]);
    await profile.sending.enqueue([exampleMessage({ conversation: 'x@y', hidden: true })]);
    expect(await profile.history.conversation('x@y')).toBeUndefined();
    expect((await profile.history.conversations()).map(({ conversation }) => conversation)).toEqual([BO]);
    expect(await profile.sending.outbox(0, 3)).toEqual([first, item, last]);
    expect(await profile.sending.outboxSize()).toBe(2);
    expect((await profile.history.before(BO, 9)).map(({ seq }) => seq)).toEqual([1, 3]);
    expect(await profile.sending.reseal(item.number, ({ id }) => ({ ...hidden.seal(2, first.mh), id }))).toBe(true);
    expect((await profile.sending.outbox(first.number, 1))[0]?.hidden).toBe(true);
    await profile.sending.accepted([first.number, item.number, last.number], 5);
    const change = { device: account.device, id: item.id, by: BO, state: 'delivered', at: 9 } as const;
    expect(await profile.sending.raise([change])).toEqual([false]);
    expect(told(await printed(profile))).toEqual([]);
    expect(await profile.sending.lateCandidates(BO, 0, 0, 9)).toHaveLength(3);
    expect(await profile.sending.forgetSealed(2_000)).toBe(3);
    expect(await profile.sending.sent(account.device, item.id)).toBeUndefined();
    expect(await profile.sending.sent(account.device, last.id)).toBeDefined();
  });

  test('a sent message is found by its number, and rises to read above all else', async () => {
    const { profile, account } = await start();
    const { device } = account;
    const [item] = await profile.sending.enqueue([exampleMessage(), exampleMessage({ hidden: true })]);
    const [copy] = exampleChain(1, { from: account.address, own: { k: random(32), recipients: [BO] } });
    const [theirs] = exampleChain(1);
    if (!item || !copy || !theirs) throw new Error('one of each');
    await profile.receiving.commitReceived({ messages: [copy, theirs] });
    const numbered = async (of: string, seq: number, conversation = BO) =>
      (await profile.sending.numbered(conversation, of, seq))?.id;
    expect(await numbered(device, 1)).toBe(item.id);
    expect(await numbered(copy.device, 1)).toBe(copy.id);
    expect(await numbered(device, 2)).toBeUndefined();
    expect(await numbered(device, 3)).toBeUndefined();
    expect(await numbered(theirs.device, 1)).toBeUndefined();
    expect(await numbered(device, 1, 'x@y')).toBeUndefined();
    const change = { device, id: item.id, by: BO, at: 9 };
    const changes = [{ ...change, state: 'read' } as const, { ...change, state: 'delivered' } as const];
    expect(await profile.sending.raise(changes)).toEqual([true, false]);
    expect(told(await printed(profile)).slice(2)).toEqual(['read']);
  });
}
