// Devices and accounts that end, and new devices. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { KIB } from '#protocol/limits.ts';
import { AL, BO, Box, numbers } from './mailbox.fixture.ts';
import type { MailboxWrite } from './store.ts';

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

  test('its change is swept once by a memory that has it; repeated by anybody it reads nothing', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.message(1));
    await box.turn(box.account(2, ['a1']));
    await box.reads();
    for (const crashed of [false, true]) {
      if (crashed) {
        await box.crash();
        await box.turn(box.account(2, ['a1']));
        expect(await box.reads()).toBe(1);
      }
      for (let i = 0; i < 3; i += 1) {
        await box.turn(box.account(2, ['a1']));
        expect(box.plan).toMatchObject({ reads: [], settled: [{}] });
      }
    }
  });

  test('a repeated change of an account that never lost a device reads nothing, whatever memory it meets', async () => {
    const box = await Box.make(['a1']);
    await box.turn(box.message(1));
    await box.turn(box.account(2, ['a1', 'a2']));
    await box.crash();
    await box.turn(box.account(2, ['a1', 'a2']));
    expect(box.plan).toMatchObject({ reads: [], settled: [{}] });
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

  test('a new one loses nothing, wherever the writes of the turn that brought it end', async () => {
    for (let done = 0; done <= 2; done += 1) {
      const box = await Box.make();
      const { writes } = box.mailbox.turn([box.message(1), box.account(2, ['a1', 'a2'])], box.now);
      expect(writes).toHaveLength(2);
      await box.store.write(AL, writes?.slice(0, done) as MailboxWrite[]); // there are two
      await box.crash();
      // Returns come in any order: what is first now would take the number that was given before.
      const [first, second] = [box.message(1, { redelivered: true }), box.message(2, { to: ['a1', 'a2'] })];
      await box.turn(box.account(2, ['a1', 'a2'], false, true), second, first);
      await box.attach('a2', 1);
      expect(box.pushed(1)).toEqual(['m2', 'synced']);
    }
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
