// Clocks that are far off, at the start or later: no message may be destroyed because of one.
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#protocol/limits.ts';
import { Expiry } from './expiry.ts';

const NOW = 1_800_000_000_000;

describe('expiry', () => {
  function at(wall: number): { expiry: Expiry; pass(ms: number, clockMoves?: number): void } {
    const clocks = { wall, monotonic: 5 };
    const expiry = new Expiry(
      () => clocks.wall,
      () => clocks.monotonic,
    );
    return {
      expiry,
      pass: (ms, clockMoves = 0) => {
        clocks.monotonic += ms;
        clocks.wall += ms + clockMoves;
      },
    };
  }

  test('is believed once the clock has kept step for an interval, not before', () => {
    const { expiry, pass } = at(NOW);
    expect(expiry.believed).toBe(false);
    pass(HOUR_MS);
    expect([expiry.check(), expiry.believed]).toEqual([0, true]);
  });

  test('by a clock that was years ahead at the start is not believed before it is set right, nor in that interval', () => {
    const { expiry, pass } = at(NOW + 3_650 * DAY_MS);
    pass(MINUTE_MS, -3_650 * DAY_MS);
    expect(expiry.believed).toBe(false);
    pass(HOUR_MS - MINUTE_MS);
    expect([expiry.check(), expiry.believed]).toEqual([-3_650 * DAY_MS, false]);
    pass(HOUR_MS);
    expect([expiry.check(), expiry.believed]).toEqual([0, true]);
  });

  test('is not believed any more as soon as the clock moves, and again after an interval without', () => {
    const { expiry, pass } = at(NOW);
    pass(HOUR_MS);
    expiry.check();
    pass(MINUTE_MS, DAY_MS);
    expect(expiry.believed).toBe(false);
    pass(HOUR_MS);
    expect([expiry.check(), expiry.believed]).toEqual([DAY_MS, false]);
    pass(HOUR_MS);
    expect([expiry.check(), expiry.believed]).toEqual([0, true]);
  });

  test('bears the small steps by which a clock is kept right', () => {
    const { expiry, pass } = at(NOW);
    pass(HOUR_MS, MINUTE_MS);
    expect([expiry.check(), expiry.believed]).toEqual([0, true]);
    pass(MINUTE_MS, -1_000);
    expect(expiry.believed).toBe(true);
  });
});
