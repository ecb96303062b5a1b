import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { versionToWrite } from './versions.ts';

describe('the version that is written', () => {
  test('is the newest that all who live read', () => {
    expect(
      versionToWrite(
        [2, 3],
        [
          [2, 3],
          [2, 3],
        ],
      ),
    ).toBe(3);
    expect(
      versionToWrite(
        [2, 3],
        [
          [2, 3],
          [1, 2],
        ],
      ),
    ).toBe(2);
    expect(versionToWrite([1, 2], [[2, 3]])).toBe(2);
  });

  test('is the oldest where nobody is heard of yet, or where there is none that all read', () => {
    expect(versionToWrite([2, 3], [])).toBe(2);
    expect(versionToWrite([2, 3], [[1]])).toBe(2);
  });

  test('is read by everybody, whenever the versions of all are next to each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { minLength: 1 }), (newest, isNew) => {
        const reads = (newer: boolean) => (newer ? [newest, newest + 1] : [newest - 1, newest]);
        for (const writer of isNew) {
          const written = versionToWrite(reads(writer), isNew.map(reads));
          for (const reader of isNew) expect(reads(reader)).toContain(written);
        }
      }),
    );
  });
});
