import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '#protocol/bytes.ts';
import { H } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES } from '#protocol/limits.ts';
import { chunkBytes, chunkCount, sealedBytes } from '#protocol/sealed-file.ts';
import { files } from '#protocol/test/vectors.ts';
import { fileContent } from '../content/content.ts';
import { type FileSeal, fileRoot, openChunk, sealChunk, sealedChunkBytes } from './file.ts';
import { secretbox } from './nacl.ts';

const KEY = new Uint8Array(32).fill(5);
const exampleFile = (size: number) => Uint8Array.from({ length: size }, (_, i) => (7 * i + 3 * (i >> 8) + 1) % 256);

function sealAll(seal: FileSeal, content: Uint8Array): { sealed: Uint8Array[]; hashes: Uint8Array } {
  const sealed: Uint8Array[] = [];
  const hashes: Uint8Array[] = [];
  for (let index = 0; index < chunkCount(seal.size); index++) {
    const at = index * FILE_CHUNK_BYTES;
    const chunk = new Uint8Array(sealedChunkBytes(seal.size, index));
    hashes.push(sealChunk(seal, index, content.subarray(at, at + chunkBytes(seal.size, index)), chunk));
    sealed.push(chunk);
  }
  return { sealed, hashes: concat(...hashes) };
}

const opened = (seal: FileSeal, index: number, sealed: Uint8Array) =>
  openChunk(seal, index, sealed, new Uint8Array(FILE_CHUNK_BYTES));

describe('the vectors', () => {
  test.each(files.files)('of a file: $name', ({ size, key, chunks, blobBytes, blobHash, root }) => {
    const seal = { key: fromHex(key), size };
    const content = exampleFile(size);
    const { sealed, hashes } = sealAll(seal, content);
    expect(
      sealed.map((chunk) => ({
        bytes: chunk.length,
        begins: toHex(chunk.subarray(0, 32)),
        ends: toHex(chunk.subarray(-32)),
        hash: toHex(H(chunk)),
      })),
    ).toEqual(chunks.map(({ nonce: _, ...chunk }) => chunk));
    expect([sealedBytes(size), toHex(H(concat(...sealed)))]).toEqual([blobBytes, blobHash]);
    expect(toHex(fileRoot(size, hashes))).toBe(root);
    const plain = sealed.map((chunk, index) => opened(seal, index, chunk)?.slice() ?? KEY);
    expect(toHex(H(concat(...plain)))).toBe(toHex(H(content)));
  });

  test.each(files.files)('of its nonces: $name', ({ size, key, chunks }) => {
    const content = exampleFile(size);
    for (const [index, { nonce, bytes, hash }] of chunks.entries()) {
      const plain = new Uint8Array(bytes - 16);
      plain.set(content.subarray(index * FILE_CHUNK_BYTES, (index + 1) * FILE_CHUNK_BYTES));
      expect(toHex(H(secretbox(plain, fromHex(nonce), fromHex(key))))).toBe(hash);
    }
  });

  test.each(files.contents)('of what a message says of it: $name', ({ of, blob, type, name, image, content }) => {
    const file = files.files.find((one) => one.name === of);
    if (file === undefined) throw new Error(`There is no file ${of}.`);
    const { size } = file;
    const bare = { blob: fromHex(blob), key: fromHex(file.key), root: fromHex(file.root), size, type, name };
    const preview = image && { ...image.preview, pixels: fromHex(image.preview.pixels) };
    expect(toHex(fileContent(image && preview ? { ...bare, image: { ...image, preview } } : bare))).toBe(content);
  });
});

describe('a chunk', () => {
  const size = 2 * FILE_CHUNK_BYTES + 100;
  const seal = { key: KEY, size };
  const { sealed, hashes } = sealAll(seal, exampleFile(size));
  const [first, second, last] = sealed as [Uint8Array, Uint8Array, Uint8Array];

  test('opens in its own place alone', () => {
    expect(opened(seal, 0, second)).toBeUndefined();
    expect(opened(seal, 1, first)).toBeUndefined();
    expect(opened({ ...seal, key: new Uint8Array(32) }, 0, first)).toBeUndefined();
    expect(opened(seal, 1, second)?.length).toBe(FILE_CHUNK_BYTES);
  });

  test('that is the last one is no other, and no other is the last one', () => {
    expect(opened({ ...seal, size: 2 * FILE_CHUNK_BYTES }, 1, second)).toBeUndefined();
    const shorter = sealAll({ ...seal, size: 2 * FILE_CHUNK_BYTES }, exampleFile(2 * FILE_CHUNK_BYTES));
    expect(opened(seal, 1, shorter.sealed[1] ?? last)).toBeUndefined();
    expect(opened({ ...seal, size: size + FILE_CHUNK_BYTES }, 2, last)).toBeUndefined();
  });

  test('that was changed or cut anywhere opens nothing', () => {
    fc.assert(
      fc.property(fc.nat(last.length - 1), (at) => {
        expect(
          opened(
            seal,
            2,
            last.map((byte, i) => (i === at ? byte ^ 1 : byte)),
          ),
        ).toBeUndefined();
        expect(opened(seal, 2, last.subarray(0, at))).toBeUndefined();
      }),
    );
  });

  test('whose padding is not zeros is none: sealed again it would be others', () => {
    const nonce = new Uint8Array(24);
    nonce[7] = 2;
    nonce[8] = 1;
    const plain = new Uint8Array(4_096);
    plain[100] = 1;
    expect(opened(seal, 2, secretbox(plain, nonce, KEY))).toBeUndefined();
    expect(opened(seal, 2, secretbox(new Uint8Array(4_096), nonce, KEY))).toEqual(new Uint8Array(100));
  });

  test('counts for the root, and so do its place and the size', () => {
    const root = toHex(fileRoot(size, hashes));
    const swapped = concat(hashes.subarray(32, 64), hashes.subarray(0, 32), hashes.subarray(64));
    expect(toHex(fileRoot(size, swapped))).not.toBe(root);
    expect(toHex(fileRoot(size - 1, hashes))).not.toBe(root);
    expect(() => fileRoot(size, hashes.subarray(32))).toThrow(RangeError);
  });
});
