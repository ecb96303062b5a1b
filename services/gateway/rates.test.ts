import { describe, expect, test, vi } from 'vitest';
import { RequestError } from '#protocol/errors.ts';
import { pointsOf, RATE_OF, Rates } from './rates.ts';

const limited = { code: 'rate_limited', retry: true };

describe('rates', () => {
  test('count each key of each limit by itself, and say how long to wait', async () => {
    const said: string[] = [];
    const rates = new Rates(1, (name) => said.push(name));
    for (let i = 0; i < 120; i += 1) await rates.take('account', 'a');
    const refusal: unknown = await rates.take('account', 'a').catch((error: unknown) => error);
    expect(refusal).toMatchObject(limited);
    expect(said).toEqual(['account']);
    const { retryAfterMs } = refusal as RequestError; // by the line above
    expect(Number.isInteger(retryAfterMs) && Number(retryAfterMs) > 0 && Number(retryAfterMs) <= 60_000).toBe(true);
    await rates.take('account', 'b');
    await rates.take('session', 'a');
  });

  test('let a network sign up 120 times a minute, two requests an account, or try 240 codes of invitations', async () => {
    const rates = new Rates(1);
    for (let i = 0; i < 120; i += 1) {
      for (const type of ['signup.start', 'signup.finish'] as const) await rates.take(RATE_OF[type], 'network');
    }
    await expect(rates.take(RATE_OF['signup.finish'], 'network')).rejects.toMatchObject(limited);
    await rates.take(RATE_OF['signup.finish'], 'another');
  });

  test('count entries of a group’s log each, so that a group of a thousand can be made at once and no log be filled', async () => {
    const rates = new Rates(1);
    const entries = Array.from({ length: 64 }, () => ({ entry: 'AA==', signature: 'AA==' }));
    const append = () =>
      rates.take(RATE_OF['group.append'], 'd', pointsOf({ type: 'group.append', id: 1, name: 'n', entries }));
    for (let i = 0; i < 18; i += 1) await append();
    await expect(append()).rejects.toMatchObject(limited);
  });

  test('are multiplied by the factor', async () => {
    const rates = new Rates(0.05);
    for (let i = 0; i < 6; i += 1) await rates.take('account', 'a');
    await expect(rates.take('account', 'a')).rejects.toMatchObject(limited);
  });
});

describe('the allowance of a device', () => {
  test('answers on the tick, and lets a device send as long as it keeps below its limit', async () => {
    const allowance = new Rates(1).allowance('d');
    for (let i = 0; i < 20_000; i += 1) {
      expect(allowance.spend(0)).toBeUndefined();
      if (i % 100 === 99) await Promise.resolve().then(() => new Promise(setImmediate)); // a tick of so many sends
    }
  });

  test('ends above the limit, says until when, and begins again then', async () => {
    vi.useFakeTimers();
    try {
      const allowance = new Rates(0.01).allowance('d'); // 1,200 a minute
      let sent = 0;
      let refusal: RequestError | undefined;
      while (!refusal && sent < 10_000) {
        refusal = allowance.spend(0);
        if (!refusal) sent += 1;
        await vi.advanceTimersByTimeAsync(0);
      }
      expect(sent).toBeLessThan(1_200 + 512);
      expect(refusal).toBeInstanceOf(RequestError);
      expect(refusal).toMatchObject(limited);
      expect(allowance.spend(1)).toMatchObject(limited);
      const wait = refusal?.retryAfterMs ?? 0;
      expect(wait).toBeGreaterThan(0);
      await vi.advanceTimersByTimeAsync(wait + 1);
      allowance.spend(wait + 1); // asks again
      await vi.advanceTimersByTimeAsync(0);
      expect(allowance.spend(wait + 2)).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});
