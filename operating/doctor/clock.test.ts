// Two clocks are compared by what an answer proves, however long it took.
import { expect, test } from 'vitest';
import { clockFinding } from './clock.ts';

const NOON = Date.parse('2026-11-21T12:00:00Z');
const found = (theirs: number, tookMs = 10) => {
  const { level, says } = clockFinding('The clock of MongoDB', {
    theirs: NOON + theirs,
    asked: NOON,
    answered: NOON + tookMs,
  });
  return `${level}: ${says}`;
};

test.each([
  [0, "ok: The clock of MongoDB and this machine's agree."],
  [1_500, "ok: The clock of MongoDB and this machine's agree."],
  [5_010, "warning: The clock of MongoDB is 5.0 s ahead of this machine's."],
  [-5_000, "warning: The clock of MongoDB is 5.0 s behind this machine's."],
  [-3_600_000, "problem: The clock of MongoDB is 3600.0 s behind this machine's."],
  [90_010, "problem: The clock of MongoDB is 90.0 s ahead of this machine's."],
])('a clock that is off by %i ms', (theirs, expected) => expect(found(theirs)).toBe(expected));

test('an answer that took a minute proves nothing about half of one', () => {
  expect(found(30_000, 60_000)).toMatch(/^ok/);
});
