// Slots: the message key for one device each, bound to everything that the message is (DESIGN section 5).

import { encodeBase64 } from '#protocol/base64.ts';
import { ByteWriter, concat, encodeText, equalBytes } from '#protocol/bytes.ts';
import { type DeviceIds, writeIds } from '#protocol/envelope.ts';
import { CryptoError } from '#protocol/errors.ts';
import { sha512 } from '#protocol/hash.ts';
import { secrets } from '#secrets';
import { boxKeyOf, openSecretbox, secretbox } from './nacl.ts';

export const MESSAGE_KEY_BYTES = 32;
/** Box keys that one device keeps: one for each device it writes to or hears from. */
const BOX_KEYS_MAX = 4_096;
const PREFIX = encodeText('parley/1 slot\0');
/** Room for all of a transcript where the addresses are short; the writer grows for others. */
const TRANSCRIPT_CAPACITY_BYTES = 384;

/**
 * The box keys between one device of mine and others. A key costs an X25519 multiplication (62 µs in Node, 514 without),
 * so those used last are kept, by the other's public key.
 */
export class BoxKeys {
  readonly #secret: Uint8Array;
  readonly #generationMax: number;
  /** Those used lately. What is in neither generation was not among the last `max / 2` used. */
  #young = new Map<string, Uint8Array>();
  #old = new Map<string, Uint8Array>();

  constructor(x25519Secret: Uint8Array, max = BOX_KEYS_MAX) {
    this.#secret = x25519Secret;
    this.#generationMax = max / 2;
  }

  /** NaCl's box key with the owner of this X25519 public key; a key that the strict rule refuses is a CryptoError `slot`. */
  with(publicKey: Uint8Array): Uint8Array {
    const name = encodeBase64(publicKey);
    const known = this.#young.get(name);
    if (known !== undefined) return known;
    const key = this.#old.get(name) ?? boxKeyOf(secrets.x25519(this.#secret, publicKey));
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, key);
    return key;
  }
}

/** t = SHA-512("parley/1 slot" ‖ 00 ‖ mh ‖ ids of sender ‖ ids of recipient device): 64 bytes. */
export function slotTranscript(messageHash: Uint8Array, senderIds: Uint8Array, recipient: DeviceIds): Uint8Array {
  const writer = new ByteWriter(TRANSCRIPT_CAPACITY_BYTES).raw(PREFIX).raw(messageHash).raw(senderIds);
  writeIds(writer, recipient);
  return sha512(writer.finish());
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
