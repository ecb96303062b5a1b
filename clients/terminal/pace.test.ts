import { expect, it } from 'vitest';
import { Pace, sizeText } from './pace.ts';

/** A pace whose clock is set by hand, in ms. */
function timed() {
  let now = 0;
  const pace = new Pace(() => now);
  return {
    pace,
    at(ms: number, done?: number, total = 100_000_000) {
      now = ms;
      if (done !== undefined) pace.heard({ done, total });
      return pace.text;
    },
  };
}

it('says how far it is, how fast, and how long still', () => {
  const { at } = timed();
  expect([at(0), at(0, 0), at(500, 500_000), at(2_000, 2_000_000), at(90_000, 2_000_001)]).toEqual([
    'waiting',
    '0 %',
    '0 %',
    '2 %, 1.0 MB/s, 1:38 left',
    '2 %',
  ]);
});

it('goes by the last seconds, and says when nothing came in them', () => {
  const { at } = timed();
  at(0, 0);
  at(5_000, 50_000_000);
  at(14_000, 50_900_000);
  expect(at(15_000, 51_000_000)).toBe('51 %, 100 kB/s, 8:10 left');
  expect(at(60_000)).toBe('51 %, waiting');
});

it('does not count what was there of an earlier attempt', () => {
  const { at } = timed();
  at(0, 90_000_000);
  expect(at(2_000, 92_000_000)).toBe('92 %, 1.0 MB/s, 0:08 left');
  expect(at(3_000, 0)).toBe('0 %');
});

it('a file of no bytes is whole', () => {
  const { pace } = timed();
  pace.heard({ done: 0, total: 0 });
  expect(pace.share).toBe('100 %');
});

it('sizes have three digits at most', () => {
  expect([0, 999, 1_000, 9_940, 9_999, 999_499, 999_500, 1_073_741_824, 5e15].map(sizeText)).toEqual([
    ...['0 bytes', '999 bytes', '1.0 kB', '9.9 kB', '10 kB', '999 kB', '1.0 MB', '1.1 GB', '5000 TB'],
  ]);
});
