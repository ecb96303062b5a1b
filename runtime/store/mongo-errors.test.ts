import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { attempt } from './mongo-errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('an operation that the driver neither ends nor gives up is Unavailable: whoever asked tries again', async () => {
  const refused = expect(attempt(() => new Promise(() => {}))).rejects.toBeInstanceOf(Unavailable);
  await vi.advanceTimersByTimeAsync(20_000);
  await refused;
});

test('one that fails later than that fails nobody any more', async () => {
  const late = Promise.withResolvers<void>();
  const refused = expect(attempt(() => late.promise)).rejects.toBeInstanceOf(Unavailable);
  await vi.advanceTimersByTimeAsync(20_000);
  await refused;
  late.reject(new Error('too late'));
  await vi.advanceTimersByTimeAsync(0);
});

test('an operation that ends leaves no timer behind', async () => {
  expect(await attempt(async () => 7)).toBe(7);
  expect(vi.getTimerCount()).toBe(0);
});
