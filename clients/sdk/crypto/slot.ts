// Slots: the message key for one device each, bound to everything that the message is (DESIGN section 5).

import { encodeBase64 } from '#protocol/base64.ts';
import { concat, encodeText, equalBytes } from '#protocol/bytes.ts';
import { type DeviceIds, encodeIds } from '#protocol/envelope.ts';
import { CryptoError } from '#protocol/errors.ts';
import { sha512 } from '#protocol/hash.ts';
import { secrets } from '#secrets';
import { boxKeyOf, openSecretbox, secretbox } from './nacl.ts';

export const MESSAGE_KEY_BYTES = 32;
/** Box keys that one device keeps: one for each device it writes to or hears from. */
const BOX_KEYS_MAX = 4_096;
const PREFIX = encodeText('parley/1 slot\0');

/**
 * The box keys between one device of mine and others. A key costs an X25519 multiplication (62 µs in Node, 514 without),
 * so those used last are kept, by the other's public key.
 */
export class BoxKeys {
  readonly #secret: Uint8Array;
  readonly #max: number;
  readonly #keys = new Map<string, Uint8Array>();

  constructor(x25519Secret: Uint8Array, max = BOX_KEYS_MAX) {
    this.#secret = x25519Secret;
    this.#max = max;
  }

  /** NaCl's box key with the owner of this X25519 public key; a key that the strict rule refuses is a CryptoError `slot`. */
  with(publicKey: Uint8Array): Uint8Array {
    const name = encodeBase64(publicKey);
    const known = this.#keys.get(name);
    if (known !== undefined) {
      // Put last again, so that the first is the one unused for longest.
      this.#keys.delete(name);
      this.#keys.set(name, known);
      return known;
    }
    const key = boxKeyOf(secrets.x25519(this.#secret, publicKey));
    const oldest = this.#keys.keys().next();
    if (this.#keys.size >= this.#max && !oldest.done) this.#keys.delete(oldest.value);
    this.#keys.set(name, key);
    return key;
  }
}

/** t = SHA-512("parley/1 slot" ‖ 00 ‖ mh ‖ ids of sender ‖ ids of recipient device): 64 bytes. */
export function slotTranscript(messageHash: Uint8Array, senderIds: Uint8Array, recipient: DeviceIds): Uint8Array {
  return sha512(concat(PREFIX, messageHash, senderIds, encodeIds(recipient)));
}

/** slot = box(K ‖ t[0..32], nonce t[32..56]): 80 bytes. The nonce hashes all that the plaintext depends on. */
export function sealSlot(messageKey: Uint8Array, transcript: Uint8Array, boxKey: Uint8Array): Uint8Array {
  return secretbox(concat(messageKey, transcript.subarray(0, 32)), transcript.subarray(32, 56), boxKey);
}

/** K of a slot; one that does not open or was made for another transcript is a CryptoError at step `slot`. */
export function openSlot(slot: Uint8Array, transcript: Uint8Array, boxKey: Uint8Array): Uint8Array {
  const plain = openSecretbox(slot, transcript.subarray(32, 56), boxKey);
  if (plain === undefined) throw new CryptoError('slot', 'The slot does not open.');
  if (!equalBytes(plain.subarray(MESSAGE_KEY_BYTES), transcript.subarray(0, 32))) {
    throw new CryptoError('slot', 'The slot belongs to another message.');
  }
  return plain.slice(0, MESSAGE_KEY_BYTES);
}
