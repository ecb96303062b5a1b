// Public keys as node:crypto wants them. One place, because how a key is imported decides what cold work costs: everybody's first message, and a
// server's first look at a device.
import { createPublicKey, type KeyObject } from 'node:crypto';

/**
 * The 32 bytes of a public key, imported. That they are on the curve is not looked at.
 * Measured in Node 24.21, whose import throws and catches an error inside for every key that is not a KeyObject: 49 µs from DER, 38 from a JWK, 11
 * from a JWK where errors collect no stack.
 */
export function importPublicKey(crv: 'Ed25519' | 'X25519', bytes: Uint8Array): KeyObject {
  const x = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return createPublicKey({ key: { kty: 'OKP', crv, x }, format: 'jwk' });
  } finally {
    Error.stackTraceLimit = limit;
  }
}
