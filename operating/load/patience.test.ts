import { describe, expect, test } from 'vitest';
import { RequestError, Unavailable } from '../../clients/sdk/index.ts';
import { patiently } from './patience.ts';

/** Fails with these, one after the other, then comes through. */
function failing(...errors: Error[]): () => Promise<string> {
  return async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return 'done';
  };
}

describe('what a server cannot do yet', () => {
  test('is tried again after as long as it asks for, and said', async () => {
    const told: string[] = [];
    const waiting = (reason: string, seconds: number) => told.push(`${reason} ${seconds}`);
    const limited = () => new RequestError('rate_limited', 'Slow down.', 1);
    const away = new Unavailable('away');
    const hurry = AbortSignal.abort(); // no wait lasts
    expect(await patiently(failing(limited(), away), { waiting, hurry, nowMs: () => 0 })).toBe('done');
    expect(told).toEqual(['Slow down. 1', 'away 2']);
    expect(await patiently(failing(limited()), { waiting, nowMs: () => 0 })).toBe('done');
  });

  test('is not waited for where waiting does not help, nor for ever', async () => {
    const patience = { waiting: () => {}, hurry: AbortSignal.abort() };
    const closed = patiently(failing(new RequestError('sign_up_closed')), { ...patience, nowMs: () => 0 });
    await expect(closed).rejects.toMatchObject({ code: 'sign_up_closed' });
    let now = 0;
    const nowMs = () => (now += 40_000);
    const errors = () => Array.from({ length: 100 }, () => new Unavailable('away'));
    await expect(patiently(failing(...errors()), { ...patience, nowMs })).rejects.toBeInstanceOf(Unavailable);
    expect(now).toBeLessThan(200_000);
    const limits = Array.from({ length: 20 }, () => new Unavailable('Unexpected server response: 429'));
    expect(await patiently(failing(...limits), { ...patience, nowMs })).toBe('done');
  });
});
