// The parts of tweetnacl that sealing uses, typed: its declarations leave out HSalsa20, which turns a raw X25519 secret
// into a box key and so lets another provider do the slow multiplication.
import tweetnacl from 'tweetnacl';

interface LowLevel {
  crypto_core_hsalsa20(out: Uint8Array, input: Uint8Array, key: Uint8Array, constant: Uint8Array): void;
}

// tweetnacl exports this object (README, "lowlevel"), its .d.ts does not.
const { lowlevel } = tweetnacl as unknown as { lowlevel: LowLevel };
const SIGMA = new TextEncoder().encode('expand 32-byte k');
const ZEROS = new Uint8Array(16);

/** The key of NaCl box: HSalsa20 of the raw X25519 secret. 32 bytes. */
export function boxKeyOf(sharedSecret: Uint8Array): Uint8Array {
  const key = new Uint8Array(32);
  lowlevel.crypto_core_hsalsa20(key, ZEROS, sharedSecret, SIGMA);
  return key;
}

/** NaCl secretbox: tag (16) ‖ ciphertext. Key 32 bytes, nonce 24. With a box key it is NaCl box. */
export function secretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return tweetnacl.secretbox(message, nonce, key);
}

/** What a secretbox holds; undefined if it was made with another key or nonce, or changed. */
export function openSecretbox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  return tweetnacl.secretbox.open(box, nonce, key) ?? undefined;
}
