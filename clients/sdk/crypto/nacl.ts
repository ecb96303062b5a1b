// The parts of tweetnacl that sealing uses, typed: its declarations leave out HSalsa20, which turns a raw X25519 secret
// into a box key and so lets another provider do the slow multiplication.
import tweetnacl from 'tweetnacl';
import { concat } from '#protocol/bytes.ts';

interface LowLevel {
  crypto_core_hsalsa20(out: Uint8Array, input: Uint8Array, key: Uint8Array, constant: Uint8Array): void;
  /** `message`: 32 zeros, then the plaintext; `out`: 16 zeros, then what a secretbox is. Both `length` long at least. */
  crypto_secretbox(out: Uint8Array, message: Uint8Array, length: number, nonce: Uint8Array, key: Uint8Array): number;
}

// tweetnacl exports this object (README, "lowlevel"), its .d.ts does not.
const { lowlevel } = tweetnacl as unknown as { lowlevel: LowLevel };
const SIGMA = new TextEncoder().encode('expand 32-byte k');
const ZEROS = new Uint8Array(16);
const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const BEFORE_MESSAGE = 32;
const BEFORE_BOX = 16;
/** Slots have 64 bytes of plaintext, and a message to a large group has a thousand slots. */
const SHORT_BYTES = 64;
const shortMessage = new Uint8Array(BEFORE_MESSAGE + SHORT_BYTES);
const shortBox = new Uint8Array(BEFORE_MESSAGE + SHORT_BYTES);

/** The key of NaCl box: HSalsa20 of the raw X25519 secret. 32 bytes. */
export function boxKeyOf(sharedSecret: Uint8Array): Uint8Array {
  const key = new Uint8Array(32);
  lowlevel.crypto_core_hsalsa20(key, ZEROS, sharedSecret, SIGMA);
  return key;
}

/** NaCl secretbox: tag (16) ‖ ciphertext. Key 32 bytes, nonce 24. With a box key it is NaCl box. */
export function secretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  const fits = message.length === SHORT_BYTES && nonce.length === NONCE_BYTES && key.length === KEY_BYTES;
  return fits ? shortSecretbox(message, nonce, key) : tweetnacl.secretbox(message, nonce, key);
}

/** The same in memory that is used again: tweetnacl's own allocates two arrays for each, which takes as long as the encryption. */
function shortSecretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  shortMessage.set(message, BEFORE_MESSAGE);
  lowlevel.crypto_secretbox(shortBox, shortMessage, shortMessage.length, nonce, key);
  shortMessage.fill(0, BEFORE_MESSAGE);
  return concat(shortBox.subarray(BEFORE_BOX));
}

/** What a secretbox holds; undefined if it was made with another key or nonce, or changed. */
export function openSecretbox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  return tweetnacl.secretbox.open(box, nonce, key) ?? undefined;
}
