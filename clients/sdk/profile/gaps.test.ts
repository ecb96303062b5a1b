// What is missing of a sender's numbers, where the server itself says that some will not come.
import { expect, test } from 'vitest';
import { arrived, missedFor, shownIn } from './gaps.ts';
import type { HeadRecord } from './spaces.ts';

const MH = new Uint8Array(32);
const NEW: HeadRecord = { conversation: 'c', from: 'bo', device: 'b1', seq: 0, order: 0, mh: MH, top: 0, missing: [] };
const after = (head: HeadRecord, ...seqs: readonly number[]): HeadRecord =>
  seqs.reduce((before, seq) => arrived(before, { seq, order: 0, mh: MH, now: seq }).head, head);
const shown = (head: HeadRecord): HeadRecord => shownIn(head, { first: 1, last: head.top });

test('a number that is said to be missed far ahead does not hide what is held back afterwards', () => {
  const said = shown(missedFor(after(NEW, 1, 2, 3, 4, 5), [5_000], 10).head);
  expect(said.missing).toMatchObject([{ first: 6, last: 4_999, shown: true }]);
  expect(after(said, 9).missing).toMatchObject([
    { first: 6, last: 8, shown: false, since: 9 },
    { first: 10, last: 4_999, shown: true },
  ]);
});

test('what was shown as missing is not shown again for what comes late below the highest number', () => {
  const gap = shown(after(NEW, 1, 9));
  expect(after(gap, 5).missing).toMatchObject([
    { first: 2, last: 4, shown: true },
    { first: 6, last: 8, shown: true },
  ]);
  expect(after(gap, 10).missing).toMatchObject([{ first: 2, last: 8, shown: true }]);
});
