// H, S and Sign(label, x): every hash and signature of Parley says in its first bytes what it is for (DESIGN section 5),
// so that none can be taken for another.
import { primitives } from '#primitives';
import { concat, encodeText } from './bytes.ts';

export const HASH_BYTES = 32;

/** What is hashed under S. A label has one use. */
export type HashLabel =
  | 'device'
  | 'commit'
  | 'message'
  | 'received'
  | 'account'
  | 'vault'
  | 'safety'
  | 'group'
  | 'entry'
  | 'state'
  | 'file';

/** What is signed. A label has one use; `device-entry` is a device's countersignature of its own log entry. */
export type SignLabel = 'signature' | 'session' | 'account' | 'device-entry' | 'account-delete' | 'entry';

const prefixes = new Map<string, Uint8Array>();

function prefix(label: HashLabel | SignLabel): Uint8Array {
  let bytes = prefixes.get(label);
  if (bytes === undefined) {
    bytes = encodeText(`parley/1 ${label}\0`);
    prefixes.set(label, bytes);
  }
  return bytes;
}

/** The whole SHA-512: 64 bytes. */
export function sha512(bytes: Uint8Array): Uint8Array {
  return primitives.sha512(bytes);
}

/** H(x) = SHA-512(x)[0..32]. */
export function H(bytes: Uint8Array): Uint8Array {
  return primitives.sha512(bytes).subarray(0, HASH_BYTES);
}

/** S(label, x) = H("parley/1 " ‖ label ‖ 00 ‖ x); x may be given in parts. 32 bytes. */
export function S(label: HashLabel, ...parts: readonly Uint8Array[]): Uint8Array {
  return H(concat(prefix(label), ...parts));
}

/** The bytes that Ed25519 signs in Sign(label, x) = Ed25519("parley/1 " ‖ label ‖ 00 ‖ x). */
export function signedBytes(label: SignLabel, bytes: Uint8Array): Uint8Array {
  return concat(prefix(label), bytes);
}

/** Whether `signature` is Sign(label, x) by this key, under the strict rule (strict.ts). Never throws. */
export function verifyLabelled(
  label: SignLabel,
  bytes: Uint8Array,
  publicKey: Uint8Array,
  signature: Uint8Array,
): boolean {
  return primitives.verifyEd25519(publicKey, signedBytes(label, bytes), signature);
}
