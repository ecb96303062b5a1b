// What came, committed: once for ever, in order, with what contradicts and what is missing; on whatever storage.
import { expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { BO, exampleChain, random } from './example.fixture.ts';
import type { Received } from './profile.ts';
import { type ProfileOn, printed, texts, told } from './profile-on.fixture.ts';

export function receivingContract({ start }: ProfileOn): void {
  test('a message counts once for ever; another one in its place is a fork, kept and shown', async () => {
    const { profile, again } = await start();
    const [message] = exampleChain(1) as [Received];
    const other = { ...message, mh: random(32) };
    const sameSeq = { ...other, id: encodeBase64(random(16)) };
    expect(await profile.receiving.commitReceived({ messages: [message, message] })).toMatchObject([
      { result: 'fresh', forked: false },
      { result: 'repeat' },
    ]);
    const results = await (await again()).receiving.commitReceived({ messages: [message, other, sameSeq] });
    expect(results.map(({ result }) => result)).toEqual(['repeat', 'fork', 'fork']);
    expect(await texts(profile)).toEqual(['text 1']);
    expect(told(await printed(profile))).toEqual(['text 1', 'unreadable', 'unreadable']);
    expect((await profile.receiving.unreadable(10)).map(({ reason }) => reason)).toEqual(['fork', 'fork']);
  });

  test('a predecessor that differs from the known one is a fork, and the message is still shown', async () => {
    const { profile } = await start();
    const [one, two, three] = exampleChain(3) as [Received, Received, Received];
    const commit = async (message: Received) => (await profile.receiving.commitReceived({ messages: [message] }))[0];
    expect(await commit(one)).toMatchObject({ forked: false });
    expect(await commit(three)).toMatchObject({ forked: false });
    expect(await commit({ ...two, mh: random(32) })).toMatchObject({ result: 'fresh', forked: true });
    expect(await texts(profile)).toEqual(['text 1', 'text 2', 'text 3']);
  });

  test('gaps are listed until they are filled, shown, or said to be missed', async () => {
    const { profile } = await start();
    const chain = exampleChain(20);
    const [first] = chain as [Received];
    const { conversation, from, device } = first;
    const commit = (...seqs: number[]) =>
      profile.receiving.commitReceived({ messages: seqs.map((seq) => chain[seq - 1] as Received) }); // 1 to 20
    const open = async () => (await profile.receiving.gaps(1e9)).map((gap) => [gap.first, gap.last]);
    await commit(3, 8, 12);
    expect(await open()).toEqual([
      [4, 7],
      [9, 11],
    ]);
    expect(await profile.receiving.gaps(1)).toHaveLength(1);
    await commit(5, 9, 10, 11);
    expect(await open()).toEqual([
      [4, 4],
      [6, 7],
    ]);
    await profile.receiving.commitReceived({
      messages: [],
      missed: [{ conversation, from, device, seqs: [4, 5, 13, 14], at: 7 }],
    });
    expect(await open()).toEqual([[6, 7]]);
    await commit(15, 1);
    await profile.receiving.showGaps(await profile.receiving.gaps(1e9), 8);
    expect(await open()).toEqual([]);
    const gaps = (await printed(profile)).filter((event) => event.type === 'gap');
    expect(gaps.map(({ first, last, why }) => [first, last, why])).toEqual([
      [4, 4, 'missed'],
      [13, 14, 'missed'],
      [6, 7, 'missing'],
    ]);
    expect(await profile.receiving.heads(conversation)).toEqual([{ device, seq: 15, order: 0, mh: chain[14]?.mh }]);
    expect(await profile.receiving.known(conversation, device, 9)).toEqual({ mh: chain[8]?.mh, order: 0 });
  });

  test('a copy from an own other device is never unread and takes tags', async () => {
    const { profile, account } = await start();
    const own = { k: random(32), recipients: [BO] };
    const [copy] = exampleChain(1, { from: account.address, own }) as [Received];
    await profile.receiving.commitReceived({ messages: [copy] });
    expect((await profile.history.conversation(BO))?.unread).toEqual({});
    const { device, id } = copy;
    expect(await profile.sending.raise([{ device, id, by: BO, state: 'delivered', byDevice: 'd', at: 1 }])).toEqual([
      true,
    ]);
    expect((await profile.history.before(BO, 1))[0]?.sent?.recipients).toEqual({
      [BO]: { state: 'delivered', device: 'd', at: 1 },
    });
  });

  test('what comes from somebody who is blocked counts once and in order, and is told by no event', async () => {
    const { profile } = await start();
    const [one, two, , four, five] = exampleChain(5).map((message) => ({ ...message, show: false, quiet: true }));
    const commit = async (...messages: (Received | undefined)[]) =>
      profile.receiving.commitReceived({ messages: messages.filter((message) => message !== undefined) });
    await commit(one, two, four);
    expect(await commit(two && { ...two, mh: random(32) })).toEqual([{ result: 'fork' }]);
    expect(await commit(two, five && { ...five, previous: random(32) })).toMatchObject([{ result: 'repeat' }, {}]);
    expect(await printed(profile)).toEqual([]);
    expect(await profile.receiving.gaps(Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect(await profile.receiving.unreadable(5)).toEqual([]);
  });

  test('a message that had expired when it came is told as missed, once, whether a notice says so before or after', async () => {
    const { profile } = await start();
    const [one, two, three] = exampleChain(3).map((message) => ({ ...message, show: false, late: true }));
    if (!one || !two || !three) throw new Error('a chain of three');
    const { conversation, from, device } = one;
    const missed = (seq: number) => [{ conversation, from, device, seqs: [seq], at: 9 }];
    await profile.receiving.commitReceived({
      messages: [{ ...one, show: true, late: false }, two, two],
      missed: missed(2),
    });
    await profile.receiving.commitReceived({ messages: [], missed: missed(3) });
    await profile.receiving.commitReceived({ messages: [three] });
    const gaps = (await printed(profile)).filter(({ type }) => type === 'gap');
    expect(gaps).toMatchObject([
      { first: 2, last: 2, why: 'missed' },
      { first: 3, last: 3, why: 'missed' },
    ]);
  });
}
