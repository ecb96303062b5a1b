// How a mailbox takes messages (DESIGN section 3), turn by turn, and hands over those that it holds. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { KIB } from '#protocol/limits.ts';
import { AL, Box, numbers } from './mailbox.fixture.ts';
import { CHUNK_NUMBERS } from './store.ts';

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

  test('is held in 32 frames of a partition at most, however many messages each has', async () => {
    const box = await Box.make(['a1'], { holdFrames: 2 });
    await box.attach('a1', 1);
    const frame = {};
    await box.turn(box.message(1, { frame }), box.message(2, { frame }));
    await box.turn(box.message(3, { frame: {} }));
    expect(box.settled).toEqual(['attach 1']);
    await box.turn(box.ack('a1', 1, 1));
    expect(box.budget.frames).toBe(2);
    await box.turn(box.ack('a1', 1, 2));
    expect(box.budget.frames).toBe(1);
    await box.turn(box.message(4, { frame: {} }));
    await box.turn(box.message(5, { frame: {} }));
    expect(box.settled).toEqual(['attach 1', 'm1', 'm2', 'm3', 'm4', 'm5']);
    expect([box.budget.frames, box.budget.bytes]).toEqual([0, 0]);
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
