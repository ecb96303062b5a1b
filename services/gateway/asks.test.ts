import { beforeEach, describe, expect, test } from 'vitest';
import { RequestError } from '#protocol/errors.ts';
import { ASK_TIMEOUT_MS } from '#protocol/limits.ts';
import { Asks, type Outcome } from './asks.ts';

let now: number;
let asks: Asks;
let outcomes: Outcome[];
const done = (outcome: Outcome): void => void outcomes.push(outcome);
const answer = (re: number) => asks.settle({ type: 'answer', re, answer: { receivedAt: 5 } });
const refuse = (re: number) => asks.settle({ type: 'refusal', re, code: 'over_quota', message: 'Full.' });

beforeEach(() => {
  now = 0;
  asks = new Asks(() => now);
  outcomes = [];
});

describe('an ask', () => {
  test('is done once, with its first answer', () => {
    const re = asks.open(true, done);
    answer(re);
    answer(re);
    refuse(re);
    asks.fail(re, new RequestError('busy'));
    expect(outcomes).toEqual([{ ok: { receivedAt: 5 } }]);
    expect(asks.size).toBe(0);
  });

  test('has a number of its own; answers to others are nobody’s', () => {
    const first = asks.open(true, done);
    const second = asks.open(true, done);
    expect(second).not.toBe(first);
    answer(99);
    expect(outcomes).toEqual([]);
  });

  test('ends after ten seconds without an answer, unless it is a send', () => {
    asks.open(true, done);
    asks.open(false, done);
    now = ASK_TIMEOUT_MS - 1;
    asks.expire();
    expect(outcomes).toEqual([]);
    now = 10 * ASK_TIMEOUT_MS;
    asks.expire();
    expect(outcomes).toMatchObject([{ refused: { code: 'unavailable' } }]);
    expect(asks.size).toBe(1);
  });
});
