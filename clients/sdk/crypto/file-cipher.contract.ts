// What every cipher of files must do, whichever library it stands on.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '#protocol/bytes.ts';
import type { FileCipher } from './file-cipher.ts';
import { secretbox } from './nacl.ts';

const TAG_BYTES = 16;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const plainBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(new Uint8Array(4_096), new Uint8Array(65_536).fill(7)),
);
const changed = (from: Uint8Array, at: number) => from.map((byte, i) => (i === at % from.length ? byte ^ 1 : byte));

export function fileCipherContract({ seal, open }: FileCipher): void {
  test('a box is the secretbox of the reference, to the byte, and opens to what it was made of', () => {
    fc.assert(
      fc.property(plainBytes, bytes(24), bytes(32), (plain, nonce, key) => {
        const box = new Uint8Array(plain.length + TAG_BYTES);
        seal(box, plain, nonce, key);
        expect(toHex(box)).toBe(toHex(secretbox(plain, nonce, key)));
        const opened = new Uint8Array(plain.length);
        expect(open(opened, box, nonce, key)).toBe(true);
        expect(toHex(opened)).toBe(toHex(plain));
      }),
    );
  });

  test('a box that was changed anywhere, or another key or nonce, opens nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes(24), bytes(32), fc.nat(), (plain, nonce, key, at) => {
        const box = new Uint8Array(plain.length + TAG_BYTES);
        seal(box, plain, nonce, key);
        const opened = new Uint8Array(plain.length);
        expect(open(opened, changed(box, at), nonce, key)).toBe(false);
        expect(open(opened, box, changed(nonce, at), key)).toBe(false);
        expect(open(opened, box, nonce, changed(key, at))).toBe(false);
      }),
    );
  });

  test('parts of larger memory are written where they are, and nothing beside them', () => {
    const memory = new Uint8Array(300).fill(9);
    const [key, nonce, plain] = [new Uint8Array(32), new Uint8Array(24), Uint8Array.of(1, 2, 3)];
    seal(memory.subarray(100, 119), plain, nonce, key);
    expect(toHex(memory.subarray(100, 119))).toBe(toHex(secretbox(plain, nonce, key)));
    expect(open(memory.subarray(200, 203), memory.subarray(100, 119), nonce, key)).toBe(true);
    expect([...memory.subarray(199, 204)]).toEqual([9, 1, 2, 3, 9]);
    expect([memory[99], memory[119]]).toEqual([9, 9]);
  });
}
