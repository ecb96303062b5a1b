import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '#protocol/bytes.ts';
import { FILE_MAX_BYTES, FILE_NAME_MAX_BYTES, PREVIEW_MAX_SIDE } from '#protocol/limits.ts';
import { fileContent, isShown, readContent } from './content.ts';
import type { FileInfo } from './file.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const side = fc.integer({ min: 1, max: PREVIEW_MAX_SIDE });
const preview = fc
  .tuple(side, side)
  .chain(([width, height]) =>
    fc.record({ width: fc.constant(width), height: fc.constant(height), pixels: bytes(width * height * 3) }),
  );
const u32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const file: fc.Arbitrary<FileInfo> = fc.record(
  {
    ...{ blob: bytes(32), key: bytes(32), root: bytes(32) },
    size: fc.integer({ min: 0, max: FILE_MAX_BYTES }),
    type: fc.constantFrom('image/png', 'application/octet-stream', 'application/vnd.ms-excel', 'text/x-c++'),
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((name) => name.isWellFormed()),
    image: fc.record({ width: u32, height: u32, preview }),
  },
  { requiredKeys: ['blob', 'key', 'root', 'size', 'type', 'name'] },
);
const IMAGE = { width: 4, height: 2, preview: { width: 2, height: 1, pixels: new Uint8Array(6) } };
const EXAMPLE: FileInfo = {
  ...{ blob: new Uint8Array(32), key: new Uint8Array(32), root: new Uint8Array(32) },
  ...{ size: 5, type: 'image/png', name: 'a.png' },
  image: IMAGE,
};
const unknown = { kind: 'unknown', number: 5 };

describe('the content of a file', () => {
  it('gives back what it says, and is shown', () => {
    fc.assert(
      fc.property(file, (one) => {
        const read = readContent(fileContent(one));
        expect(read).toEqual({ kind: 'file', file: one });
        expect(isShown(read)).toBe(true);
      }),
    );
  });

  it('cut anywhere, or longer, is shown as what cannot be shown', () => {
    const content = fileContent(EXAMPLE);
    for (let length = 1; length < content.length; length++) {
      expect(readContent(content.subarray(0, length))).toEqual(unknown);
    }
    const longer = readContent(concat(content, Uint8Array.of(0)));
    expect([longer, isShown(longer)]).toEqual([unknown, true]);
  });

  const previewed = (width: number, height: number, pixels: number) => ({
    image: { width: 4, height: 2, preview: { width, height, pixels: new Uint8Array(pixels) } },
  });
  it.each<[string, Partial<FileInfo>]>([
    ['an empty name', { name: '' }],
    ['a name that is too long', { name: 'ü'.repeat(FILE_NAME_MAX_BYTES / 2 + 1) }],
    ['a name that is no text', { name: 'a\ud800' }],
    ['no type', { type: '' }],
    ['a type with parameters', { type: 'text/plain; charset=utf-8' }],
    ['a type in capitals', { type: 'Image/PNG' }],
    ['a type with an escape', { type: 'image/\u001b[2J' }],
    ['more bytes than a file may have', { size: FILE_MAX_BYTES + 1 }],
    ['a size that is none', { size: 1.5 }],
    ['a key of another size', { key: new Uint8Array(31) }],
    ['no width', { image: { ...IMAGE, width: 0 } }],
    ['a preview that is too wide', previewed(PREVIEW_MAX_SIDE + 1, 1, (PREVIEW_MAX_SIDE + 1) * 3)],
    ['a preview without height', previewed(2, 0, 0)],
    ['a preview with fewer pixels than it says', previewed(2, 2, 6)],
  ])('is never written with %s', (_, change) => {
    expect(() => fileContent({ ...EXAMPLE, ...change })).toThrow();
  });

  it('is not taken with what is never written', () => {
    const { image, ...bare } = EXAMPLE;
    expect(image).toBe(IMAGE);
    const content = fileContent(bare);
    const flag = content.slice();
    flag[flag.length - 1] = 2;
    expect(readContent(flag)).toEqual(unknown);
    const type = content.slice();
    type.set([0x20], 1 + 96 + 8 + 4); // the first character of the type
    expect(readContent(type)).toEqual(unknown);
  });
});
