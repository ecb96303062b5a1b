import { describe, expect, test } from 'vitest';
import { RefusedNumbers } from './refused-numbers.ts';

const at = (seq: number, conversation = 'c', device = 'b1') => ({ device, conversation, seq });

describe('a refused number', () => {
  test('makes the later ones of its conversation wait until it is taken', () => {
    const refused = new RefusedNumbers();
    expect(refused.mustWait(at(9))).toBe(false);
    refused.refuse(at(3));
    refused.refuse(at(4));
    expect([2, 3, 4].map((seq) => refused.mustWait(at(seq)))).toEqual([false, false, true]);
    expect([refused.mustWait(at(4, 'another')), refused.mustWait(at(4, 'c', 'b2'))]).toEqual([false, false]);
    refused.admit(at(3));
    expect(refused.mustWait(at(4))).toBe(false);
  });

  test('is not made good by an earlier one that comes once more', () => {
    const refused = new RefusedNumbers();
    refused.refuse(at(3));
    refused.admit(at(1));
    expect(refused.mustWait(at(4))).toBe(true);
  });

  test('is forgotten when too many conversations have one', () => {
    const refused = new RefusedNumbers();
    for (let i = 0; i <= 512; i += 1) refused.refuse(at(1, `c${i}`));
    expect([refused.mustWait(at(2, 'c0')), refused.mustWait(at(2, 'c1'))]).toEqual([false, true]);
  });
});
