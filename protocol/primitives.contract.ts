// What every provider of the public primitives must do: the strict vectors, on each of them, because libraries differ here.
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './bytes.ts';
import type { Primitives } from './primitives.ts';
import { suite1 } from './test/vectors.ts';

/** The reference takes up to 30 ms for each verification: enough of them to meet every part of key and signature. */
const CORRUPTED_EVERY_BYTES = 5;

export function primitivesContract(name: string, primitives: Primitives): void {
  describe(`${name}: Ed25519 under the strict rule`, () => {
    it.each(suite1.ed25519)('$name', ({ publicKey, message, signature, accept }) => {
      expect(primitives.verifyEd25519(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(accept);
    });

    it('a signature or key without bytes is refused, not thrown', () => {
      expect(primitives.verifyEd25519(new Uint8Array(), new Uint8Array(), new Uint8Array())).toBe(false);
    });

    it('corruption anywhere in an honest signature and key is refused', () => {
      const honest = suite1.ed25519.find((vector) => vector.name === 'honest, message of 32 bytes');
      if (honest === undefined) throw new Error('the vector is gone');
      const [key, message, signature] = [honest.publicKey, honest.message, honest.signature].map(fromHex) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      for (const field of [key, message, signature]) {
        for (let i = 0; i < field.length; i += CORRUPTED_EVERY_BYTES) {
          const original = field[i] ?? 0;
          field[i] = original ^ (1 << (i % 8));
          expect(primitives.verifyEd25519(key, message, signature)).toBe(false);
          field[i] = original;
        }
      }
      expect(primitives.verifyEd25519(key, message, signature)).toBe(true);
    });
  });

  describe(`${name}: SHA-512`, () => {
    it.each(suite1.primitives.h)('H of $x', ({ x, out }) => {
      expect(toHex(primitives.sha512(fromHex(x)).subarray(0, 32))).toBe(out);
    });

    it('takes a view of a larger buffer, and gives memory of its own', () => {
      const whole = new Uint8Array(100).fill(7);
      const first = primitives.sha512(whole.subarray(10, 42));
      const copy = toHex(first);
      primitives.sha512(new Uint8Array(1));
      expect(toHex(first)).toBe(copy);
      expect(copy).toBe(toHex(primitives.sha512(new Uint8Array(32).fill(7))));
    });
  });
}
