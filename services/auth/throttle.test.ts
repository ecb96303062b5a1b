import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inWords, judgeTry, NO_TRIES, SourceTries, type ThrottleRule, type Tries } from './throttle.ts';

const rule: ThrottleRule = { freeTries: 3, firstDelayMs: 5_000, longestDelayMs: 900_000, forgetAfterMs: 86_400_000 };
const START = 1_800_000_000_000;

describe('tries', () => {
  test('three are free, then each costs a delay that doubles up to the longest', () => {
    let tries: Tries = NO_TRIES;
    let now = START;
    const waits: number[] = [];
    const left: number[] = [];
    for (let i = 0; i < 14; i += 1) {
      let verdict = judgeTry(tries, now, rule);
      if (!verdict.allowed) {
        waits.push(verdict.retryAfterMs);
        now += verdict.retryAfterMs;
        verdict = judgeTry(verdict.tries, now, rule);
      }
      if (!verdict.allowed) throw new Error('still refused after the wait it asked for');
      tries = verdict.tries;
      left.push(verdict.triesLeft);
    }
    expect(left).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(waits.map((ms) => ms / 1_000)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
  });

  test('a refused try does not lengthen the wait', () => {
    const tries = { count: 5, at: START };
    const first = judgeTry(tries, START + 1, rule);
    expect(first).toMatchObject({ allowed: false, retryAfterMs: 19_999 });
    expect(judgeTry(first.tries, START + 2, rule)).toMatchObject({ allowed: false, retryAfterMs: 19_998 });
  });

  test('all is forgotten a day after the last one', () => {
    expect(judgeTry({ count: 50, at: START }, START + rule.forgetAfterMs, rule)).toMatchObject({ triesLeft: 2 });
  });

  test('whatever the clock does, nobody waits longer than the longest delay', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(), fc.nat(), (count, at, now) => {
        const verdict = judgeTry({ count, at }, now, rule);
        if (verdict.allowed) return true;
        const after = judgeTry(verdict.tries, now + verdict.retryAfterMs, rule);
        return verdict.retryAfterMs <= rule.longestDelayMs && after.allowed;
      }),
    );
  });

  test('a waiting time is said in words', () => {
    expect([1, 1_000, 5_000, 59_001, 61_000, 900_000].map(inWords)).toEqual([
      '1 second',
      '1 second',
      '5 seconds',
      '1 minute',
      '2 minutes',
      '15 minutes',
    ]);
  });
});

describe('the tries of a source', () => {
  function tryFrom(sources: SourceTries, source: string): boolean {
    const verdict = sources.judge(source, START);
    sources.remember(source, verdict.tries);
    return verdict.allowed;
  }

  test('a success takes back its own try, not the failures before it', () => {
    const sources = new SourceTries(rule, 10);
    expect([tryFrom(sources, 'a'), tryFrom(sources, 'a'), tryFrom(sources, 'a')]).toEqual([true, true, true]);
    sources.takeBack('a');
    expect(tryFrom(sources, 'a')).toBe(true);
    expect(tryFrom(sources, 'a')).toBe(false);
    expect(tryFrom(sources, 'b')).toBe(true);
  });

  test('a bounded number of sources is remembered, the latest', () => {
    const sources = new SourceTries({ ...rule, freeTries: 1 }, 2);
    for (const source of ['a', 'b', 'c']) tryFrom(sources, source);
    expect([tryFrom(sources, 'c'), tryFrom(sources, 'b'), tryFrom(sources, 'a')]).toEqual([false, false, true]);
  });
});
