// Conversations as a person sees them: order, pages, what is unread, what has expired; on whatever storage.
import { expect, test } from 'vitest';
import { BO, exampleChain, exampleMessage } from './example.fixture.ts';
import type { HistoryEntry, Received } from './profile.ts';
import { type ProfileOn, printed, texts, told } from './profile-on.fixture.ts';

export function historyContract({ start }: ProfileOn): void {
  test('a late message takes its place in the order of its sender, whatever stands between', async () => {
    const { profile } = await start();
    const chain = exampleChain(6);
    const others = exampleChain(2).map((message) => ({ ...message, from: 'x@y' }));
    const at = (...seqs: number[]) => seqs.map((seq) => chain[seq - 1] as Received); // 1 to 6
    await profile.receiving.commitReceived({ messages: [...at(1), others[0] as Received, ...at(5)] }); // two of them
    await profile.receiving.commitReceived({ messages: at(3, 4, 2, 6) });
    const mine = (await profile.history.after(BO, 100, 0)).filter(({ from }) => from === BO);
    expect(mine.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told(await printed(profile))).toEqual([
      'text 1',
      'text 1',
      'text 5',
      'text 3',
      'text 4',
      'text 2',
      'text 6',
    ]);
  });

  test('unread messages are counted by sender until they are read', async () => {
    const { profile } = await start();
    const other = exampleChain(1).map((message) => ({ ...message, from: 'x@y' }));
    await profile.receiving.commitReceived({ messages: [...exampleChain(3), ...other] });
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 3, 'x@y': 1 });
    const second = (await profile.history.after(BO, 2, 0))[1];
    await profile.history.markRead(BO, [second?.position ?? 0]);
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 1, 'x@y': 1 });
    const all = await profile.history.conversations();
    await profile.history.markRead(BO, [all[0]?.lastPosition ?? 0]);
    expect((await profile.history.conversation(BO))?.unread).toEqual({});
  });

  test('what is unread is shown from the first of it on, whatever was written or read elsewhere between', async () => {
    const { profile } = await start();
    const chain = exampleChain(7);
    const commit = async (...messages: (Received | undefined)[]) =>
      profile.receiving.commitReceived({ messages: messages.map((message) => message as Received) });
    const shown = async (limit = 10) => {
      const { counts, context, late, fresh, left } = await profile.history.unread(BO, 2, limit);
      const seqs = (lines: readonly HistoryEntry[]) => lines.map(({ seq, own }) => (own ? 'own' : seq));
      return { counts, context: seqs(context), late: seqs(late), fresh: seqs(fresh), left };
    };
    const nothing = { counts: {}, context: [], late: [], fresh: [], left: 0 };
    expect(await shown()).toEqual(nothing);
    await commit(chain[0], chain[2]);
    await profile.history.markRead(BO, [(await profile.history.conversation(BO))?.lastPosition ?? 0]);
    expect(await shown()).toEqual({ ...nothing, context: [1, 3] });
    await profile.sending.enqueue([exampleMessage(), exampleMessage()]);
    expect(await shown()).toEqual({ ...nothing, context: ['own', 'own'] });
    await commit(chain[3], { ...(chain[4] as Received), early: { elsewhere: true } }, chain[5], chain[6]);
    await profile.sending.enqueue([exampleMessage()]);
    const some = { ...nothing, counts: { [BO]: 3 }, context: ['own', 'own'] };
    const all = await shown();
    expect(all).toMatchObject({ counts: { [BO]: 3 }, late: [], left: 0 });
    expect([...all.context, ...all.fresh].filter((line) => line === 6 || line === 4 || line === 7)).toEqual([4, 6, 7]);
    expect(await shown(1)).toEqual({ ...some, fresh: [4], left: 2 });
    await commit(chain[1]);
    expect(await shown(1)).toEqual({ ...some, counts: { [BO]: 4 }, late: [2], fresh: [4], left: 2 });
    const { late, fresh } = await profile.history.unread(BO, 2, 1);
    await profile.history.markRead(
      BO,
      [...late, ...fresh].map(({ position }) => position),
    );
    expect(await shown(1)).toMatchObject({ counts: { [BO]: 2 }, late: [], fresh: [6], left: 1 });
  });

  test('history is paged backwards and forwards without holes or repeats', async () => {
    const { profile } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(10) });
    const seqs: number[] = [];
    for (
      let page = await profile.history.before(BO, 4);
      page[0];
      page = await profile.history.before(BO, 4, page[0].position)
    ) {
      seqs.unshift(...page.map(({ seq }) => seq));
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const forward = await profile.history.after(BO, 4, (await profile.history.after(BO, 4, 0))[3]?.position ?? 0);
    expect(forward.map(({ seq }) => seq)).toEqual([5, 6, 7, 8]);
  });

  test('an expired message is deleted, no longer unread or printed, and still no second one in its place', async () => {
    const { profile } = await start();
    const hour = 3_600_000;
    const chain = exampleChain(3).map((message, i) => ({ ...message, expiry: [0, 5 * hour + 7, 900 * hour][i] ?? 0 }));
    expect(await profile.history.deleteExpired(hour)).toBe(0);
    await profile.receiving.commitReceived({ messages: chain });
    expect(await profile.history.deleteExpired(5 * hour + 6)).toBe(0);
    expect(await profile.history.deleteExpired(5 * hour + 7)).toBe(1);
    expect(await texts(profile)).toEqual(['text 1', 'text 3']);
    expect(await profile.history.deleteExpired(2_000 * hour)).toBe(1);
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 1 });
    expect(told(await printed(profile))).toEqual(['text 1']);
    expect(await profile.receiving.commitReceived({ messages: chain.slice(1) })).toEqual([
      { result: 'repeat' },
      { result: 'repeat' },
    ]);
  });

  test('what became of an own message is told also after it expired here, until no notice of it can come any more', async () => {
    const { profile, account } = await start();
    const day = 86_400_000;
    await profile.history.deleteExpired(1);
    const items = await profile.sending.enqueue([1, 2].map(() => exampleMessage({ expiry: 5 })));
    await profile.sending.accepted(
      items.map(({ number }) => number),
      2,
    );
    expect(await profile.history.deleteExpired(6)).toBe(2);
    expect(await texts(profile)).toEqual([]);
    expect(await profile.sending.lateCandidates(BO, 0, 0, 10)).toEqual([]);
    const [one, two] = items.map(({ id }) => ({ device: account.device, id, by: BO, at: 9 }));
    if (!one || !two) throw new Error('two were enqueued');
    expect(await profile.sending.sent(one.device, one.id)).toMatchObject({ k: items[0]?.k });
    expect(await profile.sending.raise([{ ...one, state: 'expired' }])).toEqual([true]);
    expect(await profile.sending.raise([{ ...two, state: 'delivered' }])).toEqual([true]);
    expect(told(await printed(profile))).toEqual(['expired', 'delivered']);
    await profile.history.deleteExpired(29 * day);
    expect(await profile.sending.sent(one.device, one.id)).toBeDefined();
    await profile.history.deleteExpired(31 * day);
    expect(await profile.sending.sent(one.device, one.id)).toBeUndefined();
  });
}
