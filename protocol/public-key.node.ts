// Public keys as node:crypto wants them. One place, because how a key is imported decides what cold work costs: everybody's first message, and a
// server's first look at a device.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { encodeBase64 } from './base64.ts';
import { KEY_BYTES } from './strict.ts';

/** SubjectPublicKeyInfo up to the 32 bytes of the key (RFC 8410), in Base64: it ends where a group of three bytes does. */
const PREFIX = { Ed25519: 'MCowBQYDK2VwAyEA', X25519: 'MCowBQYDK2VuAyEA' } as const;

/**
 * A public key of 32 bytes (RangeError: of another length), imported. That it is on the curve is not looked at.
 * As PEM, because that is a text: for any object Node 24.21 throws and catches errors inside, to see what it is. Measured: 15 µs, from DER 49,
 * from a JWK 38.
 */
export function importPublicKey(curve: keyof typeof PREFIX, bytes: Uint8Array): KeyObject {
  if (bytes.length !== KEY_BYTES) throw new RangeError('A public key has 32 bytes.'); // OpenSSL would take more
  return createPublicKey(
    `-----BEGIN PUBLIC KEY-----\n${PREFIX[curve]}${encodeBase64(bytes)}\n-----END PUBLIC KEY-----\n`,
  );
}
