// What the mailbox promises (DESIGN section 3), turn by turn. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { DELIVERY_WINDOW_ITEMS, KIB } from '#protocol/limits.ts';
import { AL, BO, Box } from './mailbox.fixture.ts';
import { CHUNK_NUMBERS } from './store.ts';

const numbers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const names = (first: number, last: number) => numbers(first, last).map((n) => `m${n}`);

describe('a message for devices that are all live', () => {
  test('is answered and pushed at once, waits in the queue, and acked by all never meets the store', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.attach('a2', 2);
    await box.turn(box.message(1, { to: ['a1', 'a2'] }));
    expect(box.answer(1)).toBe('ok');
    expect([box.pushed(1), box.pushed(2)]).toEqual([
      ['synced', 'm1'],
      ['synced', 'm1'],
    ]);
    expect(box.settled).not.toContain('m1');
    await box.turn(box.ack('a1', 1, 1));
    expect(box.settled).not.toContain('m1');
    await box.turn(box.ack('a2', 2, 1));
    expect(box.settled).toContain('m1');
    expect(await box.stored()).toEqual([]);
    expect((await box.store.load(AL))?.next).toBe(CHUNK_NUMBERS);
    expect(box.budget.bytes).toBe(0);
  });

  test('held longer than holdMs is stored for those that have not acked, then settled', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.attach('a2', 2);
    await box.turn(box.message(1, { to: ['a1', 'a2'] }));
    const due = box.now + box.rules.holdMs;
    expect(box.plan.wakeAt).toBe(due);
    await box.turn(box.ack('a1', 1, 1));
    expect(box.plan.wakeAt).toBe(due);
    box.now = due;
    await box.turn();
    expect(box.settled).toContain('m1');
    expect(box.plan.wakeAt).toBeUndefined();
    const [chunk] = await box.store.read(AL, 0, CHUNK_NUMBERS * 2, 1);
    expect(chunk?.items).toMatchObject([{ devices: ['a2'], taken: true }]);
    await box.turn(box.ack('a2', 2, 1));
    expect(await box.stored()).toEqual([]);
    expect(box.budget.bytes).toBe(0);
  });

  test('is asked for again at the time of the oldest that is still held', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1));
    box.now += 100;
    await box.turn(box.message(2));
    expect(box.plan.wakeAt).toBe(box.now - 100 + box.rules.holdMs);
    await box.turn(box.ack('a1', 1, 1));
    expect(box.plan.wakeAt).toBe(box.now + box.rules.holdMs);
    await box.turn(box.ack('a1', 1, 2));
    expect(box.plan.wakeAt).toBeUndefined();
  });

  test('is stored first where nothing is held (holdMs 0), and where too much is', async () => {
    for (const rules of [{ holdMs: 0 }, { holdBytes: 0 }]) {
      const box = await Box.make(['a1'], rules);
      await box.attach('a1', 1);
      await box.turn(box.message(1));
      expect(box.settled).toContain('m1');
      expect(await box.stored()).toEqual([['m1']]);
      expect(box.pushed(1)).toEqual(['synced', 'm1']);
    }
  });

  test('is stored and settled when its device goes away before acking', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1), box.message(2));
    await box.turn(box.detach('a1', 1));
    expect(box.settled).toEqual(expect.arrayContaining(['m1', 'm2']));
    expect(await box.stored()).toEqual([['m1', 'm2']]);
    await box.attach('a1', 2);
    expect(box.pushed(2)).toEqual(['m1', 'm2', 'synced']);
  });
});

describe('a message for a device that is not live', () => {
  test('is stored before it is answered, for the device that is away; the live one has it at once', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.turn(box.message(1, { to: ['a1', 'a2'] }));
    expect(box.plan.writes).toMatchObject([{ type: 'append' }]);
    expect(box.answer(1)).toBe('ok');
    expect(box.settled).toContain('m1');
    expect(box.pushed(1)).toEqual(['synced', 'm1']);
    await box.turn(box.ack('a1', 1, 1));
    expect(await box.stored()).toEqual([['m1']]);
    await box.attach('a2', 2);
    expect(box.pushed(2)).toEqual(['m1', 'synced']);
    await box.turn(box.ack('a2', 2, 1));
    expect(await box.stored()).toEqual([]);
  });

  test('goes behind those that are held: they are stored before it', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.turn(box.message(1), box.message(2));
    await box.turn(box.message(3, { to: ['a1', 'a2'] }));
    expect(await box.stored()).toEqual([['m1', 'm2', 'm3']]);
    await box.turn(box.detach('a1', 1));
    await box.attach('a1', 3);
    expect(box.pushed(3)).toEqual(['m1', 'm2', 'm3', 'synced']);
  });

  test('leaves the store once the device that it is for has it, whatever a live one that it is not for does', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.turn(box.message(1, { to: ['a2'], from: AL, device: 'a1' }));
    await box.attach('a2', 2);
    await box.turn(box.ack('a2', 2, 1));
    expect(await box.stored()).toEqual([]);
    expect((await box.store.load(AL))?.cursors).toEqual({ a1: 128, a2: 128 });
  });

  test('chunks have at most 64 items and 128 KiB', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 64 * KIB * KIB });
    await box.turn(...numbers(1, 130).map((n) => box.message(n)));
    expect((await box.stored()).map(({ length }) => length)).toEqual([64, 64, 2]);
    await box.turn(...numbers(131, 133).map((n) => box.message(n, { bodyChars: 60 * KIB })));
    expect((await box.stored()).slice(3)).toEqual([['m131', 'm132'], ['m133']]);
    expect((await box.store.load(AL))?.next).toBe(6 * CHUNK_NUMBERS);
  });
});

describe('a device that comes back', () => {
  test('is given its backlog before what is new, paced by its acks, and told `synced` once, when all has been sent', async () => {
    const box = await Box.make();
    await box.turn(...numbers(1, 150).map((n) => box.message(n)));
    await box.attach('a1', 1);
    expect(box.pushed(1)).toEqual(names(1, DELIVERY_WINDOW_ITEMS));
    await box.turn(box.message(151));
    expect(box.pushed(1)).toHaveLength(64);
    await box.turn(box.ack('a1', 1, 40));
    await box.reads();
    expect(box.pushed(1)).toEqual(names(1, 104));
    await box.turn(box.ack('a1', 1, 104));
    await box.reads();
    expect(box.pushed(1)).toEqual([...names(1, 151), 'synced']);
    await box.turn(box.ack('a1', 1, 151), box.message(152));
    await box.reads();
    expect(box.pushed(1)).toEqual([...names(1, 151), 'synced', 'm152']);
    expect(await box.stored()).toEqual([]);
    expect(box.settled).not.toContain('m152');
  });

  test('is given large items by bytes, not only by number', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB * KIB });
    await box.turn(...numbers(1, 6).map((n) => box.message(n, { bodyChars: 100 * KIB })));
    await box.attach('a1', 1);
    expect(box.pushed(1)).toEqual(names(1, 3));
    await box.turn(box.ack('a1', 1, 1));
    await box.reads();
    expect(box.pushed(1)).toEqual(names(1, 4));
  });

  test('with nothing stored is synced at once', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    expect(box.pushed(1)).toEqual(['synced']);
  });

  test('begins where it had acked, and again after a crash of its mailbox', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(...numbers(1, 5).map((n) => box.message(n, { to: ['a1', 'a2'] })));
    await box.attach('a1', 1);
    await box.turn(box.ack('a1', 1, 3), box.detach('a1', 1));
    await box.attach('a1', 2);
    expect(box.pushed(2)).toEqual(['m4', 'm5', 'synced']);
    await box.crash();
    await box.attach('a1', 3);
    expect(box.pushed(3)).toEqual(['m4', 'm5', 'synced']);
    await box.attach('a2', 4);
    expect(box.pushed(4)).toEqual([...names(1, 5), 'synced']);
  });

  test('64 items behind drains again: what comes is stored, and given as it acks, without a second `synced`', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(...numbers(1, 70).map((n) => box.message(n)));
    expect(box.pushed(1)).toEqual(['synced', ...names(1, 64)]);
    expect(box.settled).toHaveLength(70 + 1);
    await box.turn(box.ack('a1', 1, 64));
    await box.reads();
    expect(box.pushed(1)).toEqual(['synced', ...names(1, 70)]);
    await box.turn(box.ack('a1', 1, 70), box.message(71));
    expect(box.settled).not.toContain('m71');
    expect(await box.stored()).toEqual([]);
  });

  test('256 KiB behind drains as well', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(...numbers(1, 4).map((n) => box.message(n, { bodyChars: 100 * KIB })));
    expect(box.pushed(1)).toEqual(['synced', 'm1', 'm2', 'm3']);
    expect((await box.stored()).flat()).toEqual(names(1, 4));
    await box.turn(box.ack('a1', 1, 3));
    await box.reads();
    expect(box.pushed(1)).toEqual(['synced', ...names(1, 4)]);
  });

  test('what a read brings that was asked for by an earlier memory is not believed', async () => {
    const box = await Box.make();
    await box.turn(...numbers(1, 3).map((n) => box.message(n)));
    await box.turn(box.attaching('a1', 1));
    const [read] = box.plan.reads ?? [];
    if (!read) throw new Error('nothing was asked for');
    await box.turn({ result: { ...read, from: 3, chunks: await box.store.read(AL, 3, read.before, 2) } });
    expect(box.pushed(1)).toEqual([]);
    await box.reads();
    expect(box.pushed(1)).toEqual(['m1', 'm2', 'm3', 'synced']);
  });
});

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

describe('a message that comes again', () => {
  test('is answered again and not pushed or stored twice', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1));
    box.answers.clear();
    await box.turn(box.message(1));
    expect(box.answer(1)).toBe('ok');
    expect(box.settled.filter((name) => name === 'm1')).toHaveLength(1);
    await box.turn(box.detach('a1', 1), box.message(1));
    expect(await box.stored()).toEqual([['m1']]);
  });

  test('is answered again also when the mailbox is full by now', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    await box.turn(box.message(1), box.message(2), box.message(3));
    expect([box.answer(1), box.answer(2), box.answer(3)]).toEqual(['ok', 'ok', 'over_quota']);
    await box.turn(box.message(2));
    expect(box.answer(2)).toBe('ok');
  });

  test('with slots for a new device goes to that device alone', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1));
    await box.turn(box.account(2, ['a1', 'a2']));
    await box.turn(box.message(1, { to: ['a2'] }));
    expect(box.answer(1)).toBe('ok');
    expect(box.pushed(1)).toEqual(['synced', 'm1', 'log']);
    await box.attach('a2', 2);
    expect(box.pushed(2)).toEqual(['m1', 'synced']);
  });
});

describe('a refusal', () => {
  test('over quota refuses the later numbers of that conversation until the number comes again', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    const large = { bodyChars: 2 * KIB };
    await box.turn(box.message(1), box.message(2, large), box.message(3), box.message(4, { conversation: 'another' }));
    expect([1, 2, 3, 4].map((seq) => box.answer(seq))).toEqual(['ok', 'over_quota', 'earlier_refused', 'ok']);
    expect(box.settled).toEqual(expect.arrayContaining(names(1, 4)));
    await box.turn(box.message(1));
    await box.turn(box.message(3));
    expect(box.answer(3)).toBe('earlier_refused');
    await box.attach('a1', 1);
    await box.turn(box.ack('a1', 1, 2));
    await box.turn(box.message(2), box.message(3));
    expect([box.answer(2), box.answer(3)]).toEqual(['ok', 'ok']);
    expect(box.pushed(1)).toEqual(['m1', 'm4', 'synced', 'm2', 'm3']);
    expect(box.notices.filter(({ notice }) => notice.kind === 'refused')).toEqual([]);
  });

  test('for quota never meets what may have been accepted before a crash', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    await box.attach('a1', 1);
    await box.turn(...numbers(1, 4).map((n) => box.message(n)));
    expect(box.answer(4)).toBe('ok');
    await box.crash();
    await box.turn(...numbers(1, 4).map((n) => box.message(n, { redelivered: true })));
    expect(await box.stored()).toEqual([names(1, 4)]);
    expect(box.notices).toEqual([]);
  });

  test('of a redelivered message is also sent as a notice, because `ok` may be out', async () => {
    const box = await Box.make();
    await box.turn(box.message(1, { to: ['gone'], redelivered: true }));
    expect(box.answer(1)).toBe('stale_devices');
    const notice = { kind: 'refused', by: AL, entries: [{ id: 'id 1' }], code: 'stale_devices' };
    expect(box.notices).toMatchObject([{ to: BO, notice }]);
    expect(box.settled).toEqual(['m1']);
  });

  test('notices are outside quota and fill none', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    await box.turn(...numbers(1, 9).map(() => box.notice()), box.message(1, { bodyChars: 500 }));
    await box.turn(box.message(2, { bodyChars: 500 }), box.notice());
    expect([box.answer(1), box.answer(2)]).toEqual(['ok', 'over_quota']);
    expect((await box.stored()).flat().filter((name) => name === 'delivered')).toHaveLength(10);
    await box.crash();
    await box.turn(box.message(2, { bodyChars: 500 }), box.message(3));
    expect([box.answer(2), box.answer(3)]).toEqual(['over_quota', 'earlier_refused']);
  });

  test('for quota meets one sender at a quarter of it; others, and the own copies, at the whole', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 8 * KIB });
    const large = { bodyChars: KIB };
    const fromCy = { ...large, from: 'cy@localhost', device: 'c1', conversation: 'with cy' };
    const own = { ...large, from: AL, device: 'a2', conversation: 'own' };
    await box.turn(box.message(1, large), box.message(2, large), box.message(11, fromCy));
    expect([1, 2, 11].map((seq) => box.answer(seq))).toEqual(['ok', 'over_quota', 'ok']);
    await box.crash();
    await box.turn(box.message(3, { ...large, conversation: 'another' }), box.message(12, fromCy));
    expect([box.answer(3), box.answer(12)]).toEqual(['over_quota', 'over_quota']);
    await box.turn(...numbers(21, 25).map((n) => box.message(n, own)));
    expect(numbers(21, 25).map((seq) => box.answer(seq))).toEqual(['ok', 'ok', 'ok', 'ok', 'over_quota']);
    await box.attach('a1', 1);
    await box.turn(box.ack('a1', 1, 5));
    await box.turn(box.message(2, large));
    expect(box.answer(2)).toBe('ok');
  });

  test('never meets a notice; beyond a budget, `delivered` reaches only the devices that are there, and all else is stored', async () => {
    const box = await Box.make(['a1', 'a2'], { noticesBytes: KIB });
    await box.attach('a2', 2);
    await box.turn(...numbers(1, 9).map(() => box.notice()));
    const kept = Array.from({ length: 3 }, () => 'delivered');
    expect(await box.stored()).toEqual([kept]);
    expect(box.pushed(2)).toEqual(['synced', ...Array.from({ length: 9 }, () => 'delivered')]);
    expect(box.settled.filter((name) => name === 'notice')).toHaveLength(3);
    await box.turn(box.ack('a2', 2, 9));
    expect(box.settled.filter((name) => name === 'notice')).toHaveLength(9);
    await box.crash();
    await box.turn(box.notice(), box.missed());
    expect((await box.stored()).flat()).toEqual([...kept, 'missed']);
  });

  test('says that there is no such user, before an account and after its end', async () => {
    const box = await Box.make(['a1']);
    await box.turn(box.account(2, [], true));
    await box.turn(box.message(1));
    expect(box.answer(1)).toBe('unknown_user');
    const { mailbox } = await Box.make([]);
    expect(mailbox.idle).toBe(true);
  });
});

describe('devices that the sender knows wrongly', () => {
  test('are said to be stale: missing, revoked, or both', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.message(1, { to: ['a1'] }), box.message(2, { to: ['a1', 'a2', 'a9'] }));
    await box.turn(box.message(3, { to: ['a1', 'a2'] }), box.message(4, { to: ['a9'] }));
    expect([1, 2, 3, 4].map((seq) => box.answer(seq))).toEqual(['ok stale', 'ok stale', 'ok', 'stale_devices']);
    expect((await box.stored()).flat()).toEqual(['m1', 'm2', 'm3']);
  });

  test('an own copy needs no slot for its own device, nor any if there is no other', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.message(1, { from: AL, device: 'a1', to: ['a2'] }));
    expect(box.answer(1)).toBe('ok');
    const alone = await Box.make(['a1']);
    await alone.turn(alone.message(1, { from: AL, device: 'a1', to: ['a9'] }));
    expect(alone.answer(1)).toBe('ok stale');
    expect(alone.settled).toEqual(['m1']);
  });
});

describe('attaching', () => {
  test('the session with the greater number replaces the other, which is told', async () => {
    const box = await Box.make();
    await box.attach('a1', 1, 5);
    await box.turn(box.message(1));
    await box.attach('a1', 2, 6);
    expect(box.closed).toEqual(['1 replaced']);
    expect(box.pushed(2)).toEqual(['m1', 'synced']);
    await box.turn(box.ack('a1', 1, 1));
    expect(await box.stored()).toEqual([['m1']]);
    await box.turn(box.ack('a1', 2, 1));
    expect(await box.stored()).toEqual([]);
  });

  test('the session with the smaller number is refused', async () => {
    const box = await Box.make();
    await box.attach('a1', 1, 5);
    await box.attach('a1', 2, 4);
    expect(box.closed).toEqual(['2 replaced']);
    await box.turn(box.message(1));
    expect([box.pushed(1), box.pushed(2)]).toEqual([['synced', 'm1'], []]);
  });

  test('a redelivered one is only settled: its gateway attaches again', async () => {
    const box = await Box.make();
    await box.turn(box.attaching('a1', 1, 1, true));
    expect(box.settled).toEqual(['attach 1']);
    expect(box.pushed(1)).toEqual([]);
    expect(box.mailbox.idle).toBe(true);
  });

  test('a device that is not in use is closed', async () => {
    const box = await Box.make();
    await box.attach('a9', 1);
    expect(box.closed).toEqual(['1 revoked']);
  });

  test('acks and detaches of another session change nothing', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1));
    await box.turn(box.ack('a1', 7, 1), box.detach('a1', 7), box.ack('a2', 1, 1));
    expect(box.settled).not.toContain('m1');
    expect(box.notices).toEqual([]);
    await box.turn(box.ack('a1', 1, 1));
    expect(box.settled).toContain('m1');
  });

  test('a mailbox whose memory is dropped asks its sessions to attach again and gives back what it held', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1));
    expect(box.mailbox.idle).toBe(false);
    const message = { type: 'reattach', session: 1 };
    expect(box.mailbox.drop()).toEqual([{ inbox: 'gateway', message }]);
    expect(box.budget.bytes).toBe(0);
  });
});

describe('a mailbox whose partition goes to another process', () => {
  test('stores what it holds and settles it, so that the next one has it and the queue does not', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1), box.message(2));
    await box.turn(box.ack('a1', 1, 1));
    await box.handOver();
    expect(box.settled).toEqual(['attach 1', 'm1', 'm2']);
    expect(box.budget.bytes).toBe(0);
    await box.crash();
    await box.attach('a1', 2);
    expect(box.pushed(2)).toEqual(['m2', 'synced']);
  });

  test('and holds nothing writes nothing', async () => {
    const box = await Box.make();
    await box.handOver();
    expect(box.plan.writes).toBeUndefined();
  });
});

describe('a gateway that is no more', () => {
  test('takes its devices along: what they had not acked is stored; those of other gateways stay', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(1));
    await box.lose('another');
    expect(box.settled).not.toContain('m1');
    await box.lose('gateway');
    expect(box.settled).toContain('m1');
    expect(await box.stored()).toEqual([['m1']]);
  });
});

describe('a device out of use', () => {
  test('is closed, the others hear of the log, and what was for it alone goes back as expired', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.attach('a2', 2);
    await box.turn(box.message(1, { to: ['a2'] }), box.message(2, { to: ['a1', 'a2'] }));
    await box.turn(box.ack('a1', 1, 1));
    await box.turn(box.account(2, ['a1']));
    expect(box.closed).toEqual(['2 revoked']);
    expect(box.plan.signals).toEqual([{ type: 'revoked', address: AL, device: 'a2', deleted: false }]);
    expect(box.pushed(1)).toEqual(['synced', 'm2', 'log']);
    await box.reads();
    const expired = box.notices.filter(({ notice }) => notice.kind === 'expired');
    expect(expired).toMatchObject([{ to: BO, notice: { entries: [{ id: 'id 1' }] } }]);
    expect(await box.stored()).toEqual([]);
    await box.turn(box.message(3, { to: ['a2'] }));
    expect(box.answer(3)).toBe('stale_devices');
  });

  test('what it left behind is not removed unsaid by the acks of another', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.turn(box.message(1, { to: ['a2'] }), box.message(2, { to: ['a1', 'a2'] }));
    await box.turn(box.account(2, ['a1']));
    await box.turn(box.ack('a1', 1, 1));
    expect((await box.stored()).flat()).toEqual(['m1', 'm2']);
    await box.reads();
    expect(box.notices.map(({ notice }) => notice.kind)).toEqual(['delivered', 'expired']);
    expect(await box.stored()).toEqual([]);
  });

  test('its change is settled after the sweep, so that a crash between sweeps again', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.message(1, { to: ['a2'] }));
    await box.turn(box.account(2, ['a1']));
    expect(box.settled).not.toContain('account 2');
    expect(box.mailbox.idle).toBe(false);
    await box.crash();
    await box.turn(box.account(2, ['a1'], false, true));
    await box.reads();
    expect(box.settled).toContain('account 2');
    expect(box.notices).toMatchObject([{ notice: { kind: 'expired' } }]);
    expect(await box.stored()).toEqual([]);
    expect(box.mailbox.idle).toBe(true);
  });

  test('its change is settled with the last page of the sweep, also if that changes nothing', async () => {
    const box = await Box.make(['a1', 'a2'], { quotaBytes: 64 * KIB * KIB });
    await box.turn(...numbers(1, 64).map((n) => box.message(n, { to: ['a2'] })));
    await box.turn(...numbers(65, 64 * 9).map((n) => box.message(n)));
    await box.turn(box.account(2, ['a1']));
    await box.reads();
    expect(box.notices).toHaveLength(1);
    expect(box.plan).toMatchObject({ settled: [{}] });
    expect(box.settled.at(-1)).toBe('account 2');
  });

  test('a sweep that an earlier memory began settles nothing of this one', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.message(1, { to: ['a2'] }));
    await box.turn(box.account(2, ['a1']));
    const [read] = box.plan.reads ?? [];
    if (!read) throw new Error('nothing was asked for');
    await box.crash();
    await box.turn(box.account(2, ['a1'], false, true));
    await box.turn({ result: { ...read, chunks: [] } });
    expect(box.settled).not.toContain('account 2');
    await box.reads();
    expect(box.settled).toContain('account 2');
    expect(box.notices).toMatchObject([{ notice: { kind: 'expired' } }]);
  });

  test('its change is swept also if it comes again to a memory that has it, unmarked: its write may have been repeated', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.message(1, { to: ['a2'] }));
    await box.turn(box.account(2, ['a1']));
    await box.crash();
    await box.turn(box.account(2, ['a1']));
    expect(box.settled).not.toContain('account 2');
    await box.reads();
    expect(box.notices).toMatchObject([{ notice: { kind: 'expired' } }]);
  });

  test('an account that ends closes all and gives everything back', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.turn(box.message(1), box.message(2, { to: ['a2'] }), box.notice());
    await box.turn(box.account(2, [], true));
    await box.reads();
    expect(box.closed).toEqual(['1 accountDeleted']);
    expect(box.notices).toMatchObject([
      { to: BO, notice: { kind: 'expired', entries: [{ id: 'id 1' }, { id: 'id 2' }] } },
    ]);
    expect(await box.stored()).toEqual([]);
    await box.attach('a1', 2);
    expect(box.closed).toEqual(['1 accountDeleted', '2 accountDeleted']);
    await box.turn(box.notice());
    expect(box.settled.filter((name) => name === 'notice')).toHaveLength(2);
  });

  test('a new one is given what comes from then on', async () => {
    const box = await Box.make();
    await box.turn(box.message(1));
    await box.turn(box.account(2, ['a1', 'a2']));
    await box.turn(box.message(2, { to: ['a1', 'a2'] }));
    await box.attach('a2', 1);
    expect(box.pushed(1)).toEqual(['m2', 'synced']);
  });

  test('an older state of the account changes nothing', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.account(3, ['a2']));
    await box.reads();
    await box.turn(box.account(2, ['a1', 'a2']));
    expect(box.settled).toEqual(['account 3', 'account 2']);
    expect((await box.store.load(AL))?.devices).toEqual(['a2']);
  });
});

describe('the sweep', () => {
  const soon = (box: Box) => box.now + 1_000;

  test('tells the sender `expired` if no device took it, and the devices `missed`', async () => {
    const box = await Box.make(['a1', 'a2']);
    const expiresAt = soon(box);
    await box.turn(box.message(1, { to: ['a1', 'a2'], expiresAt }), box.message(2, { to: ['a1', 'a2'], expiresAt }));
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    const conversation = `${AL} ${BO}`;
    expect(box.notices).toEqual([
      { to: BO, notice: { kind: 'expired', conversation, by: AL, entries: [{ id: 'id 1' }, { id: 'id 2' }], more: 0 } },
      { to: AL, devices: ['a1', 'a2'], notice: { kind: 'missed', conversation, from: BO, device: 'b1', seqs: [1, 2] } },
    ]);
    expect(box.plan.afterwards?.removals).toEqual([{ type: 'remove', n: 64 }]);
    expect(await box.stored()).toEqual([]);
  });

  test('tells only the device that lacks it, if another took it', async () => {
    const box = await Box.make(['a1', 'a2']);
    const expiresAt = soon(box);
    await box.turn(box.message(1, { to: ['a1', 'a2'], expiresAt }));
    await box.attach('a1', 1);
    await box.turn(box.ack('a1', 1, 1));
    box.now = expiresAt;
    await box.crash();
    await box.turn(box.sweep());
    await box.reads();
    expect(box.notices.slice(1)).toMatchObject([{ to: AL, devices: ['a2'], notice: { kind: 'missed', seqs: [1] } }]);
  });

  test('keeps what has not expired under its number, and the quota is less by what went', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 8 * KIB });
    const expiresAt = soon(box);
    await box.turn(box.message(1, { expiresAt, bodyChars: 900 }), box.message(2, { bodyChars: 100 }));
    await box.turn(box.message(3, { bodyChars: 900, conversation: 'another' }));
    expect(box.answer(3)).toBe('over_quota');
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    expect(await box.stored()).toEqual([['-', 'm2']]);
    await box.turn(box.message(3, { bodyChars: 900, conversation: 'another' }));
    expect(box.answer(3)).toBe('ok');
    await box.attach('a1', 1);
    expect(box.pushed(1)).toEqual(['m2', 'm3', 'synced']);
    await box.turn(box.ack('a1', 1, 2));
    expect(await box.stored()).toEqual([]);
  });

  test('of own copies and of notices tells nobody else', async () => {
    const box = await Box.make(['a1', 'a2']);
    const expiresAt = soon(box);
    await box.turn(box.message(1, { from: AL, device: 'a1', to: ['a2'], expiresAt }), box.notice(['a2'], expiresAt));
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    expect(box.notices).toMatchObject([{ to: AL, devices: ['a2'], notice: { kind: 'missed' } }]);
    expect(await box.stored()).toEqual([]);
  });

  test('goes through all chunks, and changes nothing where nothing expired', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 64 * KIB * KIB });
    const expiresAt = soon(box);
    await box.turn(...numbers(1, 64 * 20).map((n) => box.message(n, n > 64 ? { expiresAt } : {})));
    await box.turn(box.sweep());
    expect(await box.reads()).toBe(3);
    expect(await box.stored()).toHaveLength(20);
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    expect(await box.stored()).toEqual([names(1, 64)]);
  });
});

describe('a refusal for good', () => {
  test('a number refused for good holds up none of the later ones', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    await box.turn(box.message(1, { bodyChars: 2 * KIB }));
    expect(box.answer(1)).toBe('over_quota');
    await box.turn(box.account(2, []));
    await box.reads();
    await box.turn(box.message(1, { bodyChars: 2 * KIB }));
    expect(box.answer(1)).toBe('stale_devices');
    await box.turn(box.account(3, ['a2']));
    await box.reads();
    await box.turn(box.message(2, { to: ['a2'] }));
    expect(box.answer(2)).toBe('ok');
  });
});
