// Devices that come and go, and what they are given. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { DELIVERY_WINDOW_ITEMS, KIB } from '#protocol/limits.ts';
import { AL, Box, names, numbers } from './mailbox.fixture.ts';

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

  test('a redelivered one may be pushed to by an earlier owner: its gateway is told to end it', async () => {
    const box = await Box.make();
    await box.turn(box.attaching('a1', 1, 1, true));
    expect(box.settled).toEqual(['attach 1']);
    expect(box.pushed(1)).toEqual([]);
    expect(box.closed).toEqual(['1 reattach']);
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

  test('and was only silent, is told: it has sessions that nothing would reach any more', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.lose('gateway');
    expect(box.closed).toEqual(['1 reattach']);
    await box.lose('gateway');
    expect(box.closed).toHaveLength(1);
  });
});
