// Types by content: of anything, one that a message can carry; and when a claim and the content cannot both be right.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { supportedMimeTypes } from 'file-type';
import { expect, test } from 'vitest';
import { HASH_BYTES } from '#protocol/hash.ts';
import { BLOB_BYTES, decodeFile, encodeFile, FILE_KEY_BYTES } from '../content/file.ts';
import { contradicts, HEAD_BYTES, typeByContent } from './type-by-content.ts';

function carried(type: string): string {
  const [blob, key, root] = [new Uint8Array(BLOB_BYTES), new Uint8Array(FILE_KEY_BYTES), new Uint8Array(HASH_BYTES)];
  return decodeFile(encodeFile({ blob, key, root, size: 1, type, name: 'a' })).type;
}

test('every type that can be found is one that a message can carry', () => {
  for (const mime of supportedMimeTypes) {
    const type = mime.replace(/;.*/, '').trim().toLowerCase();
    expect(carried(type)).toBe(type);
  }
});

test('any bytes have a type', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (head) => {
      const type = await typeByContent(head);
      expect(carried(type)).toBe(type);
    }),
  );
});

test('what would unpack to a gigabyte is looked at no longer than other files', async () => {
  const bomb = gzipSync(gzipSync(new Uint8Array(50_000_000))).subarray(0, HEAD_BYTES);
  expect(await typeByContent(bomb)).toBe('application/gzip');
});

test('the beginnings of archives and films that end nowhere are no trouble', async () => {
  const asf = Buffer.concat([Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), Buffer.alloc(5_000)]);
  const zip = Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.alloc(60, 0xff)]);
  for (const head of [asf, zip]) expect(await typeByContent(head)).toMatch(/^[a-z]+\//);
});

test.each([
  ['image/png', 'image/png', false],
  ['image/png', 'image/jpeg', true],
  ['image/png', 'text/plain', true],
  ['image/png', 'application/octet-stream', false],
  ['application/octet-stream', 'image/png', false],
  ['text/csv', 'text/plain', false],
  ['application/json', 'text/plain', false],
  ['image/svg+xml', 'application/xml', false],
  ['text/plain', 'application/x-elf', true],
  ['application/pdf', 'application/x-msdownload', true],
])('claimed %s, found %s: contradicts %s', (claimed, found, expected) => {
  expect(contradicts(claimed, found)).toBe(expected);
});
