// What every provider of private-key operations must do: the golden vectors, the strict ones among them, on each.
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '#protocol/bytes.ts';
import { CryptoError } from '#protocol/errors.ts';
import { type SignLabel, signedBytes } from '#protocol/hash.ts';
import { suite1 } from '#protocol/test/vectors.ts';
import type { Secrets } from './secrets.ts';

export function secretsContract(name: string, secrets: Secrets): void {
  describe(`${name}: X25519 under the strict rule`, () => {
    it.each(suite1.x25519)('$name', ({ secret, u, accept, shared }) => {
      const multiply = () => secrets.x25519(fromHex(secret), fromHex(u));
      if (accept) expect(toHex(multiply())).toBe(shared);
      else expect(multiply).toThrow(CryptoError);
    });

    it.each(suite1.world.devices)('the public key of $name', ({ xSecret, xPublic }) => {
      expect(toHex(secrets.x25519Public(fromHex(xSecret)))).toBe(xPublic);
    });
  });

  describe(`${name}: Ed25519`, () => {
    it.each(suite1.primitives.sign)('signs the golden bytes under $label', ({ seed, publicKey, label, x, out }) => {
      expect(toHex(secrets.ed25519Public(fromHex(seed)))).toBe(publicKey);
      // The vectors use labels of this list.
      expect(toHex(secrets.ed25519Sign(fromHex(seed), signedBytes(label as SignLabel, fromHex(x))))).toBe(out);
    });

    it('an array that is used for another key gives the other key', () => {
      const [first, second] = suite1.world.devices;
      if (first === undefined || second === undefined) throw new Error('the vectors are gone');
      const seed = fromHex(first.edSeed);
      expect(toHex(secrets.ed25519Public(seed))).toBe(first.edPublic);
      seed.set(fromHex(second.edSeed));
      expect(toHex(secrets.ed25519Public(seed))).toBe(second.edPublic);
    });

    it('a private key of another size is refused', () => {
      expect(() => secrets.ed25519Sign(new Uint8Array(31), new Uint8Array(1))).toThrow();
      expect(() => secrets.x25519Public(new Uint8Array(33))).toThrow();
    });
  });
}
