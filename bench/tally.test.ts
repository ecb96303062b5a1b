import { expect, test } from 'vitest';
import { Stream } from './tally.ts';

function faultsOf(arrived: readonly number[], sent: number) {
  const stream = new Stream();
  for (const index of arrived) stream.take(index);
  return stream.faults(sent);
}

test('a stream in order has no faults', () => {
  expect(faultsOf([0, 1, 2], 3)).toEqual({ lost: 0, duplicated: 0, misordered: 0 });
});

test('what is missing is lost, whether in the middle or at the end', () => {
  expect(faultsOf([0, 2], 4)).toEqual({ lost: 2, duplicated: 0, misordered: 0 });
});

test('what comes twice is duplicated, soon or late', () => {
  expect(faultsOf([0, 0, 1, 2, 1], 3)).toEqual({ lost: 0, duplicated: 2, misordered: 0 });
});

test('what comes after a later one is misordered, and not lost', () => {
  expect(faultsOf([1, 0, 2], 3)).toEqual({ lost: 0, duplicated: 0, misordered: 1 });
});
