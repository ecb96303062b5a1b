// What expires. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { DELIVERY_WINDOW_ITEMS, KIB } from '#protocol/limits.ts';
import { AL, BO, Box, names, numbers } from './mailbox.fixture.ts';

const soon = (box: Box) => box.now + 1_000;

describe('the sweep', () => {
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

  test('of a clock that is not believed, after a device went out of use, takes only what was for that device', async () => {
    const box = await Box.make(['a1', 'a2']);
    const expiresAt = soon(box);
    await box.turn(box.message(1, { to: ['a1'], expiresAt }), box.message(2, { to: ['a2'], expiresAt }));
    box.now = expiresAt;
    box.expiry.believed = false;
    await box.turn(box.account(2, ['a2']));
    await box.reads();
    expect(box.notices).toMatchObject([{ to: BO, notice: { kind: 'expired', entries: [{ id: 'id 1' }] } }]);
    expect(await box.stored()).toEqual([['-', 'm2']]);
  });
});

describe('a drain', () => {
  test('gives nothing that has expired, but sweeps it: sender and device hear of it once, and never of a delivery', async () => {
    const box = await Box.make(['a1', 'a2']);
    const expiresAt = soon(box);
    const to = ['a1', 'a2'];
    await box.turn(box.message(1, { to, expiresAt }), box.message(2, { to }), box.message(3, { to, expiresAt }));
    box.now = expiresAt;
    await box.attach('a1', 1);
    expect(box.pushed(1)).toEqual(['m2', 'synced']);
    await box.attach('a2', 2);
    expect(box.pushed(2)).toEqual(['m2', 'synced']);
    await box.turn(box.ack('a1', 1, 1), box.ack('a2', 2, 1));
    expect(box.notices).toMatchObject([
      { to: BO, notice: { kind: 'expired', entries: [{ id: 'id 1' }, { id: 'id 3' }] } },
      { to: AL, devices: to, notice: { kind: 'missed', seqs: [1, 3] } },
      { to: BO, notice: { kind: 'delivered', entries: [{ id: 'id 2' }] } },
    ]);
    expect(await box.stored()).toEqual([]);
  });

  test('that read before a sweep removed it, and is told after, gives it neither', async () => {
    const box = await Box.make();
    const expiresAt = soon(box);
    await box.turn(box.message(1, { expiresAt }));
    box.now = expiresAt;
    const chunks = await box.store.read(AL, 0, Number.MAX_SAFE_INTEGER, 2);
    await box.turn(box.attaching('a1', 1));
    const read = box.plan.reads?.[0];
    if (read?.purpose !== 'drain') throw new Error('an attached device drains');
    await box.turn(box.sweep());
    const told = box.plan.reads?.[0];
    if (told?.purpose !== 'sweep') throw new Error('a sweep reads');
    await box.turn({ result: { ...told, chunks } });
    expect(box.notices).toMatchObject([{ notice: { kind: 'expired' } }, { notice: { kind: 'missed' } }]);
    await box.turn({ result: { ...read, chunks } });
    expect(box.pushed(1)).toEqual(['synced']);
    expect(box.notices).toHaveLength(2);
  });

  test('leaves out what expires while it waits for the window', async () => {
    const box = await Box.make();
    const expiresAt = soon(box);
    const all = numbers(1, DELIVERY_WINDOW_ITEMS + 3);
    await box.turn(...all.map((n) => box.message(n, n === DELIVERY_WINDOW_ITEMS + 2 ? { expiresAt } : {})));
    await box.attach('a1', 1);
    expect(box.pushed(1)).toHaveLength(DELIVERY_WINDOW_ITEMS);
    box.now = expiresAt;
    await box.turn(box.ack('a1', 1, DELIVERY_WINDOW_ITEMS));
    await box.reads();
    expect(box.pushed(1).slice(DELIVERY_WINDOW_ITEMS)).toEqual(['m65', 'm67', 'synced']);
    expect(box.notices.at(-2)).toMatchObject({ to: BO, notice: { kind: 'expired', entries: [{ id: 'id 66' }] } });
    await box.turn(box.ack('a1', 1, DELIVERY_WINDOW_ITEMS + 2));
    expect(await box.stored()).toEqual([]);
  });

  test('gives all while the clock is not believed', async () => {
    const box = await Box.make();
    const expiresAt = soon(box);
    await box.turn(box.message(1, { expiresAt }));
    box.now = expiresAt;
    box.expiry.believed = false;
    await box.attach('a1', 1);
    expect(box.pushed(1)).toEqual(['m1', 'synced']);
    expect(box.notices).toEqual([]);
  });
});
