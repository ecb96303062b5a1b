import { expect, test } from 'vitest';
import { median, percentile, significant } from './statistics.ts';

test('the median is the middle value, or the mean of both middle ones, in any order', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow(RangeError);
});

test('a percentile is the smallest value that enough values do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 1)).toBe(100);
  expect(percentile([7], 0)).toBe(7);
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});

test('values are rounded by significant digits', () => {
  expect(significant(21_034.56)).toBe(21_030);
  expect(significant(0.123456, 3)).toBe(0.123);
});
