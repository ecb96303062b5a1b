import { expect, it } from 'vitest';
import type { HistoryEntry } from '../../sdk/index.ts';
import { entries } from './reading.ts';

/** A conversation of so many lines; those at `late` are unread although what stands behind them was read. */
function history(count: number, late: readonly number[]): Parameters<typeof entries>[0]['history'] {
  const all = Array.from({ length: count }, (_, index) => ({ position: index + 1 }) as HistoryEntry); // all that is looked at here
  return {
    before: async (_name, limit, before = count + 1) => all.filter(({ position }) => position < before).slice(-limit),
    after: async (_name, limit, after) => all.filter(({ position }) => position > after).slice(0, limit),
    late: async () => all.filter(({ position }) => late.includes(position)),
  };
}

it.each([
  ['the last ones', [], 3, [8, 9, 10]],
  ['what came late further up first', [2, 5], 3, [2, 5, 8, 9, 10]],
  ['nothing twice', [9], 3, [8, 9, 10]],
  ['all', [2], Number.POSITIVE_INFINITY, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
])('history shows %s', async (_what, late, limit, expected) => {
  const positions: number[] = [];
  for await (const { position } of entries({ history: history(10, late) }, 'bo@localhost', limit))
    positions.push(position);
  expect(positions).toEqual(expected);
});
