// What a person reads while a file is under way.
import { describe, expect, test } from 'vitest';
import { secondsText, sizeText } from './size-text.ts';
import { Transfer } from './transfer.ts';

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1_000, '1.0 kB'],
  [1_249, '1.2 kB'],
  [9_960, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [34_000_000, '34 MB'],
  [17_179_869_184, '17 GB'],
  [5_000_000_000_000_000, '5000 TB'],
])('%i bytes are %j', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [59.5, '1 min 0 s'],
  [200, '3 min 20 s'],
  [7_500, '2 h 5 min'],
])('%d seconds are %j', (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});

describe('a file under way', () => {
  const MB = 1_000_000;

  test('says how much, and after a second the rate and how long it takes', () => {
    const transfer = new Transfer('a.jpg');
    expect(transfer.line(0)).toBe('a.jpg: waiting');
    transfer.heard({ done: 0, total: 34 * MB }, 0);
    expect(transfer.line(500)).toBe('a.jpg: 0 bytes of 34 MB (0%)');
    transfer.heard({ done: 12 * MB, total: 34 * MB }, 2_000);
    expect(transfer.line(2_000)).toBe('a.jpg: 12 MB of 34 MB (35%), 6.0 MB/s, 4 s left');
    expect(transfer.done).toBe('12 MB of 34 MB');
    transfer.heard({ done: 34 * MB, total: 34 * MB }, 4_000);
    expect(transfer.line(4_000)).toBe('a.jpg: 34 MB of 34 MB (100%)');
  });

  test('does not count what an earlier attempt did as its own speed', () => {
    const transfer = new Transfer('a.jpg');
    transfer.heard({ done: 30 * MB, total: 34 * MB }, 0);
    transfer.heard({ done: 32 * MB, total: 34 * MB }, 2_000);
    expect(transfer.line(2_000)).toContain('1.0 MB/s, 2 s left');
  });

  test('goes by the last seconds, and says where nothing comes', () => {
    const transfer = new Transfer('a.jpg');
    for (let second = 0; second <= 20; second++) {
      const done = second <= 10 ? second * 10 * MB : (100 + second - 10) * MB;
      transfer.heard({ done, total: 200 * MB }, second * 1_000);
    }
    expect(transfer.line(20_000)).toContain('1.0 MB/s, 1 min 30 s left');
    transfer.heard({ done: 110 * MB, total: 200 * MB }, 40_000);
    transfer.heard({ done: 110 * MB, total: 200 * MB }, 55_000);
    expect(transfer.line(55_000)).toBe('a.jpg: 110 MB of 200 MB (55%), waiting');
  });

  test('of 0 bytes is done at once, and one that begins anew has no negative rate', () => {
    const transfer = new Transfer('a');
    transfer.heard({ done: 0, total: 0 }, 0);
    expect(transfer.line(5_000)).toBe('a: 0 bytes of 0 bytes (100%)');
    const again = new Transfer('b');
    again.heard({ done: 5 * MB, total: 9 * MB }, 0);
    again.heard({ done: 0, total: 9 * MB }, 1_000);
    again.heard({ done: 3 * MB, total: 9 * MB }, 2_000);
    expect(again.line(2_000)).toContain('3.0 MB/s, 2 s left');
  });
});
