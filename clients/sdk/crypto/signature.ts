// The signature inside a group message: Sign("signature", H(K ‖ n) ‖ H(header) ‖ H(private)). Direct messages have none:
// their authenticity is the slot's, and they stay deniable (DESIGN section 5).
import { concat } from '#protocol/bytes.ts';
import { CryptoError } from '#protocol/errors.ts';
import { H, verifyLabelled } from '#protocol/hash.ts';
import { signLabelled } from './sign.ts';

function signedPart(key: Uint8Array, nonce: Uint8Array, headerHash: Uint8Array, privateBytes: Uint8Array): Uint8Array {
  return concat(H(concat(key, nonce)), headerHash, H(privateBytes));
}

/** The 64 bytes that stand behind the private part of a group message. */
export function sign(
  messageKey: Uint8Array,
  nonce: Uint8Array,
  headerHash: Uint8Array,
  privateBytes: Uint8Array,
  ed25519Seed: Uint8Array,
): Uint8Array {
  return signLabelled('signature', signedPart(messageKey, nonce, headerHash, privateBytes), ed25519Seed);
}

/** Refuses (CryptoError `signature`) what is not the sender device's signature of a group message. */
export function checkGroupSignature(
  signature: Uint8Array,
  messageKey: Uint8Array,
  nonce: Uint8Array,
  headerHash: Uint8Array,
  privateBytes: Uint8Array,
  ed25519: Uint8Array,
): void {
  const signed = signedPart(messageKey, nonce, headerHash, privateBytes);
  if (!verifyLabelled('signature', signed, ed25519, signature)) {
    throw new CryptoError('signature', 'The sender did not sign this message.');
  }
}
