// The journal of events, and what could not be opened; on whatever storage.
import { expect, test } from 'vitest';
import { EVENTS_KEPT_MAX } from './context.ts';
import { BO, exampleChain } from './example.fixture.ts';
import type { Profile } from './profile.ts';
import { type ProfileOn, printed } from './profile-on.fixture.ts';
import { UNREADABLE_KEPT_MAX_BYTES, UNREADABLE_KEPT_MAX_ITEMS, UNREADABLE_KEPT_MAX_LINES } from './unreadable.ts';

export function eventsContract({ start }: ProfileOn): void {
  test('every event is printed by one user of the profile, in order, also beyond a limit and after a failing print', async () => {
    const { profile, again } = await start();
    const other = await again();
    await profile.receiving.commitReceived({ messages: exampleChain(700) });
    expect(await printed(profile, 3)).toHaveLength(3);
    const failing = other.events.printNext(10, () => {
      throw new Error('closed pipe');
    });
    await expect(failing).rejects.toThrow('closed pipe');
    const enough = await other.events.printNext(10, () => 'enough');
    expect(enough).toEqual({ printed: 1, busy: false, more: true });
    let inner: Awaited<ReturnType<Profile['events']['printNext']>> | undefined;
    const numbers = (await printed(other)).map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 696 }, (_, i) => i + 5));
    await profile.events.append([{ type: 'identity', address: BO, change: 'accepted', at: 1 }]);
    const busy = Promise.withResolvers<void>();
    await profile.events.printNext(10, () => {
      void other.events
        .printNext(10, () => 'more')
        .then((result) => {
          inner = result;
          busy.resolve();
        });
      return 'more';
    });
    await busy.promise;
    expect(inner?.printed).toBe(0);
    expect(await printed(await again())).toEqual([]);
  });

  test('what is not printed yet comes first the next time, and who waits to print it is the only one that prints', async () => {
    const { profile, again } = await start();
    const other = await again();
    await profile.receiving.commitReceived({ messages: exampleChain(5) });
    const later = await profile.events.printNext(10, ({ number }) => (number === 3 ? 'later' : 'more'));
    expect(later).toEqual({ printed: 2, busy: false, more: true });
    const ready = Promise.withResolvers<'more'>();
    const begun = Promise.withResolvers<void>();
    const numbers: number[] = [];
    const waiting = profile.events.printNext(10, ({ number }) => {
      numbers.push(number);
      begun.resolve();
      return number === 3 ? ready.promise : 'more';
    });
    await begun.promise;
    expect(await other.events.printNext(10, () => 'more')).toEqual({ printed: 0, busy: true, more: true });
    ready.resolve('more');
    expect(await waiting).toEqual({ printed: 3, busy: false, more: false });
    expect(numbers).toEqual([3, 4, 5]);
    expect(await printed(other)).toEqual([]);
  });

  test('one that cannot be printed after all is not marked', async () => {
    const { profile } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(2) });
    const failing = profile.events.printNext(10, () => Promise.reject(new Error('no room')));
    await expect(failing).rejects.toThrow('no room');
    expect((await printed(profile)).map(({ number }) => number)).toEqual([1, 2]);
  });

  test('closing stops who prints at the next event; whoever opens the profile then prints the rest, none twice', async () => {
    const { profile, again } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(200) });
    const numbers: number[] = [];
    let closed: Promise<void> | undefined;
    await profile.events.printNext(1_000, ({ number }) => {
      numbers.push(number);
      if (number === 100) closed = profile.close();
      return 'more';
    });
    await closed;
    expect(numbers).toHaveLength(100);
    await expect(printed(profile)).rejects.toMatchObject({ problem: 'no_access' });
    numbers.push(...(await printed(await again())).map(({ number }) => number));
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  test('of what nobody prints the oldest is dropped where there is too much of it, but never a message', async () => {
    const { profile } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(3) });
    const events = Array.from({ length: EVENTS_KEPT_MAX }, (_, at) => ({
      ...({ type: 'identity', address: BO, change: 'hidden_entries', at } as const),
    }));
    await profile.events.append(events);
    await profile.events.append(events.slice(0, 7));
    const kept = await printed(profile, 2 * EVENTS_KEPT_MAX);
    expect(kept.slice(0, 3).map(({ type }) => type)).toEqual(['message', 'message', 'message']);
    expect(kept.slice(3).map(({ number }) => number)).toEqual(events.map((_, index) => index + 3 + 7 + 1));
    // What was printed makes room.
    await profile.events.append(events);
    expect((await printed(profile, 2 * EVENTS_KEPT_MAX)).slice(-events.length)).toHaveLength(events.length);
  });

  test('what cannot be opened is kept and shown', async () => {
    const { profile } = await start();
    const item = { reason: 'slot', from: BO, header: 'aGVhZA==', body: 'Ym9keQ==', slot: 'c2xvdA==', receivedAt: 3 };
    await profile.receiving.commitReceived({ messages: [], unreadable: [item] });
    expect(await profile.receiving.unreadable(5)).toEqual([{ ...item, number: 1 }]);
    expect(await printed(profile)).toEqual([{ number: 1, type: 'unreadable', reason: 'slot', from: BO, at: 3 }]);
  });

  test('of what cannot be opened the oldest bytes are dropped where there are too many, and every line stays', async () => {
    const { profile } = await start();
    const body = 'A'.repeat(UNREADABLE_KEPT_MAX_BYTES / 4);
    for (let at = 1; at <= 6; at++) {
      await profile.receiving.commitReceived({
        messages: [],
        unreadable: [{ reason: 'slot', body, receivedAt: at }],
      });
    }
    const kept = await profile.receiving.unreadable(10);
    expect(kept.map((item) => [item.receivedAt, item.body?.length])).toEqual([
      ...[6, 5, 4, 3].map((at) => [at, body.length]),
      ...[2, 1].map((at) => [at, undefined]),
    ]);
    const small = Array.from({ length: UNREADABLE_KEPT_MAX_ITEMS }, () => ({
      reason: 'slot',
      body: 'AA',
      receivedAt: 7,
    }));
    await profile.receiving.commitReceived({ messages: [], unreadable: small });
    const all = await profile.receiving.unreadable(2_000);
    expect(all).toHaveLength(UNREADABLE_KEPT_MAX_ITEMS + 6);
    expect(all.filter((item) => item.body !== undefined)).toHaveLength(UNREADABLE_KEPT_MAX_ITEMS);
  });

  test('of what cannot be opened the oldest lines are dropped, too, where there are too many of them', async () => {
    const { profile } = await start();
    const line = { reason: 'slot', receivedAt: 7 };
    for (const count of [UNREADABLE_KEPT_MAX_LINES, 5]) {
      await profile.receiving.commitReceived({ messages: [], unreadable: Array.from({ length: count }, () => line) });
    }
    const kept = await profile.receiving.unreadable(2 * UNREADABLE_KEPT_MAX_LINES);
    expect([kept.length, kept.at(-1)?.number]).toEqual([UNREADABLE_KEPT_MAX_LINES, 6]);
  });
}
