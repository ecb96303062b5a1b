import { expect, test } from 'vitest';
import { Lag } from './lag.ts';

test('a partition is as far behind as the oldest of what waits in its queue and at its owner', () => {
  const lag = new Lag();
  expect(lag.ms(1_000)).toBe(0);
  expect(lag.ms(1_000, undefined, 400)).toBe(600);
  lag.asked(100);
  lag.asked(900);
  expect(lag.ms(1_000, 400)).toBe(900);
  expect(lag.ms(1_000, 50)).toBe(950);
  lag.forget();
  expect(lag.ms(1_000, 400)).toBe(600);
});

test('a probe is due once something came, and stays due until one is on its way, also after one that was lost', () => {
  const lag = new Lag();
  expect(lag.isDue).toBe(false);
  lag.heard();
  expect(lag.isDue).toBe(true);
  expect(lag.isDue).toBe(true);
  lag.asked(100);
  expect(lag.isDue).toBe(false);
  lag.lost();
  expect([lag.isDue, lag.ms(1_000)]).toEqual([true, 0]);
  lag.asked(200);
  lag.forget();
  expect(lag.isDue).toBe(false);
  lag.lost(); // another kind of probe
  expect(lag.isDue).toBe(false);
});
