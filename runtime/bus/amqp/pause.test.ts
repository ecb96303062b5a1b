import { expect, test } from 'vitest';
import { Pause } from './pause.ts';

test('a queue with what is not read here is left alone for 5 s, then for longer each time, up to a minute', () => {
  const pause = new Pause();
  expect(pause.isOver(0)).toBe(true);
  let now = 0;
  for (const seconds of [5, 10, 20, 40, 60, 60]) {
    pause.begin(now);
    expect(pause.isOver(now + seconds * 1_000 - 1)).toBe(false);
    now += seconds * 1_000;
    expect(pause.isOver(now)).toBe(true);
  }
});

test('and for 5 s again once it was read for a while', () => {
  const pause = new Pause();
  pause.begin(0);
  pause.begin(5_000);
  pause.begin(100_000);
  expect(pause.isOver(105_000)).toBe(true);
});
