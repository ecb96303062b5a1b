import { beforeEach, describe, expect, test } from 'vitest';
import { RequestError } from '#protocol/errors.ts';
import { ASK_TIMEOUT_MS } from '#protocol/limits.ts';
import { Asks, type Outcome } from './asks.ts';

let now: number;
let asks: Asks;
let outcomes: Outcome[];
const done = (outcome: Outcome): void => void outcomes.push(outcome);
const answer = (re: number, stale?: string[]) =>
  asks.settle({ type: 'answer', re, answer: stale ? { receivedAt: 5, stale } : { receivedAt: 5 } });
const refuse = (re: number) => asks.settle({ type: 'refusal', re, code: 'over_quota', message: 'Full.' });

beforeEach(() => {
  now = 0;
  asks = new Asks(() => now);
  outcomes = [];
});

describe('an ask', () => {
  test('is done once, with its first answer', () => {
    const re = asks.open(1, true, done);
    answer(re);
    answer(re);
    refuse(re);
    asks.fail(re, new RequestError('busy'));
    expect(outcomes).toEqual([{ ok: { receivedAt: 5 } }]);
    expect(asks.size).toBe(0);
  });

  test('has a number of its own; answers to others are nobody’s', () => {
    const first = asks.open(1, true, done);
    const second = asks.open(1, true, done);
    expect(second).not.toBe(first);
    answer(99);
    expect(outcomes).toEqual([]);
  });

  test('of two mailboxes waits for both; the lists of stale accounts are joined', () => {
    const re = asks.open(2, false, done);
    answer(re, ['al@localhost']);
    expect(outcomes).toEqual([]);
    answer(re, ['bo@localhost']);
    expect(outcomes).toEqual([{ ok: { receivedAt: 5, stale: ['al@localhost', 'bo@localhost'] } }]);
    const none = asks.open(2, false, done);
    answer(none);
    answer(none);
    expect(outcomes[1]).toEqual({ ok: { receivedAt: 5 } });
  });

  test.each([
    ['first', [refuse, answer]],
    ['last', [answer, refuse]],
  ] as const)('of two mailboxes is refused if one refuses, %s', (_, settle) => {
    const re = asks.open(2, false, done);
    for (const each of settle) each(re);
    expect(outcomes).toEqual([{ refused: { code: 'over_quota', message: 'Full.' } }]);
  });

  test('ends after ten seconds without an answer, unless it is a send', () => {
    asks.open(1, true, done);
    asks.open(1, false, done);
    now = ASK_TIMEOUT_MS - 1;
    asks.expire();
    expect(outcomes).toEqual([]);
    now = 10 * ASK_TIMEOUT_MS;
    asks.expire();
    expect(outcomes).toMatchObject([{ refused: { code: 'unavailable' } }]);
    expect(asks.size).toBe(1);
  });
});
