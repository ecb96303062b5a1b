// The strict X25519 rule around a provider's bare function: the same refusals wherever it runs (DESIGN section 5).
import { isZero } from '#protocol/bytes.ts';
import { CryptoError } from '#protocol/errors.ts';
import { isX25519PublicKey } from '#protocol/strict.ts';

/** Applies the rule before and after `multiply`, which may throw for keys that it refuses itself. CryptoError at step `slot`. */
export function strictX25519(
  secret: Uint8Array,
  publicKey: Uint8Array,
  multiply: (secret: Uint8Array, publicKey: Uint8Array) => Uint8Array,
): Uint8Array {
  if (!isX25519PublicKey(publicKey)) throw new CryptoError('slot', 'The X25519 key is not a strict one.');
  const shared = multiply(secret, publicKey);
  if (isZero(shared)) throw new CryptoError('slot', 'The X25519 key gives no secret.');
  return shared;
}
