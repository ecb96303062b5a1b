import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '#protocol/errors.ts';
import { slabs } from './slabs.ts';

async function* inPieces(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const length of lengths) {
    yield bytes.subarray(at, at + length);
    at += length;
  }
  yield bytes.subarray(at);
}

test('whatever pieces a body comes in, its slabs are full, but for the last, and the same bytes', async () => {
  const lengths = fc.array(fc.nat(40), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      lengths,
      fc.integer({ min: 1, max: 64 }),
      async (bytes, cuts, slabBytes) => {
        const found: Buffer[] = [];
        for await (const slab of slabs(inPieces(bytes, cuts), bytes.length, slabBytes)) found.push(Buffer.from(slab));
        expect(Buffer.concat(found).equals(bytes)).toBe(true);
        expect(found.slice(0, -1).every((slab) => slab.length === slabBytes)).toBe(true);
        expect(found.length).toBe(Math.ceil(bytes.length / slabBytes));
      },
    ),
  );
});

test.each([
  ['shorter', 99],
  ['longer', 101],
])('a body that is %s than was said is refused', async (_, length) => {
  const read = async () => {
    for await (const _slab of slabs(inPieces(new Uint8Array(length), [30, 30]), 100, 64));
  };
  await expect(read()).rejects.toBeInstanceOf(ProtocolError);
});
