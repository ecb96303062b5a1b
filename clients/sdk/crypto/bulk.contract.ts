// What every bulk cipher must do, whichever library it stands on.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '#protocol/bytes.ts';
import type { BulkCipherOf } from './bulk.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const bytes = fc.uint8Array({ maxLength: 300 });
const changed = (from: Uint8Array, at: number) => from.map((byte, i) => (i === at % from.length ? byte ^ 1 : byte));

/** `golden`: the box of the bytes 1, 2, 3 under the key 0, 1, … 31 and a nonce of zeros, in hexadecimal. */
export function bulkContract(cipherOf: BulkCipherOf, golden: string): void {
  const { nonceBytes, seal, open } = cipherOf(KEY);
  const NONCE = new Uint8Array(nonceBytes);

  test('a box opens under its key and nonce', () => {
    fc.assert(
      fc.property(bytes, fc.uint8Array({ minLength: nonceBytes, maxLength: nonceBytes }), (plain, nonce) => {
        const box = seal(plain, nonce);
        expect(box.length).toBe(plain.length + 16);
        expect(toHex(open(box, nonce) ?? KEY)).toBe(toHex(plain));
      }),
    );
  });

  test('a box that was changed anywhere or cut, or another key or nonce, opens nothing', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (plain, at) => {
        const box = seal(plain, NONCE);
        expect(open(changed(box, at), NONCE)).toBeUndefined();
        expect(open(box, changed(NONCE, at))).toBeUndefined();
        expect(cipherOf(changed(KEY, at)).open(box, NONCE)).toBeUndefined();
        expect(open(box.subarray(0, at % box.length), NONCE)).toBeUndefined();
      }),
    );
  });

  test('its bytes stay as they are: profiles hold them', () => {
    expect(toHex(seal(Uint8Array.of(1, 2, 3), NONCE))).toBe(golden);
  });
}
