import { describe, expect, test } from 'vitest';
import { FILE_MAX_BYTES, KIB } from './limits.ts';
import { BLOB_MAX_BYTES, chunkBytes, chunkCount, PART_BYTES, partBytes, sealedBytes } from './sealed-file.ts';

describe('a file', () => {
  test.each([
    [0, 1, 4 * KIB + 16],
    [1, 1, 4 * KIB + 16],
    [4 * KIB, 1, 4 * KIB + 16],
    [4 * KIB + 1, 1, 8 * KIB + 16],
    [64 * KIB, 1, 64 * KIB + 16],
    [64 * KIB + 1, 2, 64 * KIB + 16 + 4 * KIB + 16],
    [1_000_000, 16, 15 * (64 * KIB + 16) + 20 * KIB + 16],
  ])('of %i bytes has %i chunks, sealed %i bytes', (bytes, chunks, sealed) => {
    expect([chunkCount(bytes), sealedBytes(bytes)]).toEqual([chunks, sealed]);
    const plain = Array.from({ length: chunks }, (_, index) => chunkBytes(bytes, index));
    expect(plain.reduce((sum, one) => sum + one, 0)).toBe(bytes);
  });

  test('of the largest size is a blob of the largest size, which a number counts', () => {
    expect(sealedBytes(FILE_MAX_BYTES)).toBe(BLOB_MAX_BYTES);
    expect(Number.isSafeInteger(BLOB_MAX_BYTES)).toBe(true);
  });
});

describe('a part', () => {
  test.each([
    [100, 0, 100],
    [PART_BYTES, 0, PART_BYTES],
    [PART_BYTES + 1, PART_BYTES, 1],
    [3 * PART_BYTES, PART_BYTES, PART_BYTES],
    [3 * PART_BYTES, 3 * PART_BYTES, undefined],
    [3 * PART_BYTES, 1, undefined],
    [3 * PART_BYTES, -PART_BYTES, undefined],
    [3 * PART_BYTES, PART_BYTES + 0.5, undefined],
  ])('of a blob of %i bytes at %d has %o bytes', (blob, offset, bytes) => {
    expect(partBytes(blob, offset)).toBe(bytes);
  });
});
