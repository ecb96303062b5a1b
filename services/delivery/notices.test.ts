// What senders are told of deliveries. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { KIB, NOTICE_ENTRIES_MAX } from '#protocol/limits.ts';
import { AL, BO, Box, numbers } from './mailbox.fixture.ts';

describe('the delivered notice', () => {
  test('goes to the sender once for a person, with the first device and its tag', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.attach('a2', 2);
    await box.turn(box.message(1, { to: ['a1', 'a2'] }));
    await box.turn(box.ack('a2', 2, 1, [[1, 'tag']]));
    const entries = [{ id: 'id 1', device: 'a2', tag: 'tag' }];
    const conversation = `${AL} ${BO}`;
    const delivered = { kind: 'delivered', conversation, by: AL, entries, more: 0 };
    expect(box.notices).toEqual([{ to: BO, notice: delivered }]);
    await box.turn(box.ack('a1', 1, 1, [[1, 'other']]));
    expect(box.notices).toHaveLength(1);
  });

  test('is not repeated when a second device takes it from the store, also after a crash', async () => {
    const box = await Box.make(['a1', 'a2', 'a3']);
    await box.turn(box.message(1, { to: ['a1', 'a2', 'a3'] }));
    await box.attach('a1', 1);
    await box.turn(box.ack('a1', 1, 1));
    await box.attach('a2', 2);
    await box.turn(box.ack('a2', 2, 1));
    await box.crash();
    await box.attach('a3', 3);
    await box.turn(box.ack('a3', 3, 1));
    expect(box.notices).toHaveLength(1);
  });

  test('is not repeated when a message that one device took while it was held is taken by another later', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.attach('a2', 2);
    await box.turn(box.message(1, { to: ['a1', 'a2'] }));
    await box.turn(box.ack('a1', 1, 1));
    await box.turn(box.detach('a2', 2));
    await box.crash();
    await box.attach('a2', 3);
    await box.turn(box.ack('a2', 3, 1));
    expect(box.notices).toHaveLength(1);
  });

  test('merges what one turn acks, by conversation', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1), box.message(2), box.message(3, { conversation: 'another' }));
    await box.turn(box.ack('a1', 1, 1), box.ack('a1', 1, 3));
    const ids = box.notices.map(({ notice }) =>
      notice.kind === 'delivered' ? notice.entries.map(({ id }) => id) : [],
    );
    expect(ids).toEqual([['id 1', 'id 2'], ['id 3']]);
  });

  test('leaves before anything is removed or settled', async () => {
    const box = await Box.make();
    await box.turn(box.message(1));
    await box.attach('a1', 1);
    await box.turn(box.ack('a1', 1, 1));
    expect(box.plan.writes).toBeUndefined();
    expect(box.plan.settled).toBeUndefined();
    expect(box.plan.afterwards).toMatchObject({
      effects: [{ key: BO }],
      removals: [{ type: 'cursor' }, { type: 'trim' }],
    });
  });

  test('is caused neither by own copies nor by notices', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a2', 2);
    await box.turn(box.message(1, { from: AL, device: 'a1', to: ['a2'] }), box.notice(['a2']));
    expect(box.pushed(2)).toEqual(['synced', 'm1', 'delivered']);
    await box.turn(box.ack('a2', 2, 2, [[1, 'tag']]));
    expect(box.notices).toEqual([]);
    expect(box.settled).toEqual(expect.arrayContaining(['m1', 'notice']));
  });
});

describe('a notice that is full', () => {
  test('is followed by another: each message and each number is named, however many expire at once', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 64 * KIB * KIB });
    const expiresAt = box.now + 1_000;
    const seqs = numbers(1, NOTICE_ENTRIES_MAX + 2);
    await box.turn(...seqs.map((n) => box.message(n, { expiresAt })));
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    const named = { expired: [] as string[][], missed: [] as number[][] };
    for (const { notice } of box.notices) {
      if (notice.kind === 'expired') named.expired.push(notice.entries.map(({ id }) => id));
      if (notice.kind === 'missed') named.missed.push([...notice.seqs]);
      expect(notice).not.toMatchObject({ more: expect.toSatisfy((more) => more > 0) });
    }
    expect(named.expired.map(({ length }) => length)).toEqual([NOTICE_ENTRIES_MAX, 2]);
    expect(named.missed.map(({ length }) => length)).toEqual([NOTICE_ENTRIES_MAX, 2]);
    expect(named.expired.flat()).toEqual(seqs.map((n) => `id ${n}`));
    expect(named.missed.flat()).toEqual(seqs);
  });
});
