// What a mailbox refuses, and what it says of stale devices. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { KIB } from '#protocol/limits.ts';
import { AL, BO, Box, names, numbers } from './mailbox.fixture.ts';

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

describe('an id that comes again', () => {
  const large = { bodyChars: 2 * KIB };

  test('counts again for each device that it is new for: whoever repeats it chooses the bytes', async () => {
    const box = await Box.make(['a1', 'a2', 'a3'], { quotaBytes: 4 * KIB });
    await box.turn(box.message(1, { to: ['a1'] }));
    await box.turn(box.message(1, { ...large, to: ['a1', 'a2'] }));
    expect(box.answer(1)).toBe('over_quota');
    await box.turn(box.message(1, { to: ['a2'] }));
    expect(box.answer(1)).toBe('ok stale');
    await box.turn(box.message(1, { to: ['a3'] }));
    expect(box.answer(1)).toBe('over_quota');
    expect(await box.stored()).toEqual([['m1'], ['m1']]);
  });

  test('and is refused then holds up none of the later ones, because it was accepted once', async () => {
    const box = await Box.make(['a1', 'a2'], { quotaBytes: 4 * KIB });
    await box.turn(box.message(1, { to: ['a1'] }), box.message(1, { ...large, to: ['a2'] }));
    expect(box.answer(1)).toBe('over_quota');
    await box.turn(box.message(2, { to: ['a1', 'a2'] }));
    expect(box.answer(2)).toBe('ok');
  });

  test('is taken whatever was refused of its conversation since', async () => {
    const box = await Box.make(['a1', 'a2'], { quotaBytes: 4 * KIB });
    await box.turn(box.message(2, { to: ['a1'] }), box.message(1, large), box.message(3, { to: ['a1'] }));
    expect([1, 3].map((seq) => box.answer(seq))).toEqual(['over_quota', 'earlier_refused']);
    await box.turn(box.message(2, { to: ['a2'] }));
    expect(box.answer(2)).toBe('ok');
    expect((await box.stored()).flat()).toEqual(['m2', 'm2']);
  });
});

describe('what a sender let expire unread', () => {
  test('counts for that sender as long as its notices are stored, also after a crash; others are not charged', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 8 * KIB });
    const fromCy = { from: 'cy@localhost', device: 'c1', conversation: 'with cy' };
    await box.turn(...numbers(1, 4).map(() => box.missed()));
    await box.turn(box.message(1, { bodyChars: 100 }), box.message(11, { ...fromCy, bodyChars: KIB }));
    expect([box.answer(1), box.answer(11)]).toEqual(['over_quota', 'ok']);
    await box.crash();
    await box.turn(box.message(1));
    expect(box.answer(1)).toBe('over_quota');
    await box.turn(box.missed());
    expect((await box.stored()).flat()).toEqual([...numbers(1, 4).map(() => 'missed'), 'm11', 'missed']);
    await box.attach('a1', 1);
    await box.turn(box.ack('a1', 1, 6));
    await box.turn(box.message(1));
    expect(box.answer(1)).toBe('ok');
  });

  test('takes nothing of the budget of other notices', async () => {
    const box = await Box.make(['a1'], { noticesBytes: KIB });
    await box.turn(...numbers(1, 9).map(() => box.missed()), box.notice());
    expect((await box.stored()).flat().at(-1)).toBe('delivered');
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
