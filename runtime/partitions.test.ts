import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hash32, PARTITIONS_DEFAULT, partitionOf } from './partitions.ts';

describe('the partition of an actor', () => {
  test('never changes: queues are named after it', () => {
    expect(['', 'al@localhost', 'bo@localhost', 'ünï@localhost'].map(hash32)).toMatchInlineSnapshot(`
      [
        2872998923,
        4195970870,
        3920445384,
        1007571616,
      ]
    `);
  });

  test('is one of P, and is split in two when P is doubled', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 4_096 }), (key, partitions) => {
        const one = partitionOf(key, partitions);
        expect(one).toBeGreaterThanOrEqual(0);
        expect(one).toBeLessThan(partitions);
        expect(Math.floor(partitionOf(key, partitions * 2) / 2)).toBe(one);
      }),
    );
  });

  test('spreads similar names evenly', () => {
    const counts = new Array<number>(PARTITIONS_DEFAULT).fill(0);
    for (let i = 0; i < 16_000; i += 1) {
      const partition = partitionOf(`user${i}@localhost`, PARTITIONS_DEFAULT);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
