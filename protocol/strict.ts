// What is refused before any provider sees it (DESIGN section 5). Providers differ here, and one library from version to
// version: tweetnacl takes S + kL and points of small order, OpenSSL 3.0 takes the points. With these checks all give one verdict.

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** L, the order of Ed25519's base point, big-endian. */
const GROUP_ORDER = bigEndian('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');
/** p = 2²⁵⁵ − 19, big-endian. */
const FIELD = bigEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed');

/** y of every point whose order divides 8: these, with either sign. */
const SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000001',
  '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec',
  '05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826',
  '7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7',
].map(bigEndian);

/** u of every X25519 point of small order, on the curve and on its twist. */
const SMALL_ORDER_U = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000001',
  '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec',
  '00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0',
  '57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5f',
].map(bigEndian);

function bigEndian(hex: string): Uint8Array {
  return Uint8Array.from({ length: KEY_BYTES }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** Whether the 32 little-endian bytes, the top bit cut off if `masked`, are below the big-endian bound. */
function isBelow(bytes: Uint8Array, bound: Uint8Array, masked: boolean): boolean {
  for (let i = KEY_BYTES - 1; i >= 0; i--) {
    // Both have 32 bytes: callers check, bounds are constants.
    const top = bytes[i] as number;
    const byte = masked && i === KEY_BYTES - 1 ? top & 0x7f : top;
    const limit = bound[KEY_BYTES - 1 - i] as number;
    if (byte !== limit) return byte < limit;
  }
  return false;
}

function isOneOf(bytes: Uint8Array, list: readonly Uint8Array[], masked: boolean): boolean {
  return list.some((candidate) => {
    for (let i = 0; i < KEY_BYTES; i++) {
      // As above.
      const top = bytes[i] as number;
      const byte = masked && i === KEY_BYTES - 1 ? top & 0x7f : top;
      if (byte !== candidate[KEY_BYTES - 1 - i]) return false;
    }
    return true;
  });
}

/** A canonical Ed25519 point that is not of small order: y < p, and none of the eight. Small order covers x = 0 with sign 1. */
function isStrictPoint(bytes: Uint8Array): boolean {
  return isBelow(bytes, FIELD, true) && !isOneOf(bytes, SMALL_ORDER_Y, true);
}

/** Whether this may be an Ed25519 public key. That it is on the curve is the provider's part, when something is verified. */
export function isEd25519PublicKey(key: Uint8Array): boolean {
  return key.length === KEY_BYTES && isStrictPoint(key);
}

/** Lengths, A and R canonical and not of small order, S < L: what a signature must be before a provider computes. */
export function isStrictSignature(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isEd25519PublicKey(publicKey)) return false;
  return isStrictPoint(signature.subarray(0, KEY_BYTES)) && isBelow(signature.subarray(KEY_BYTES), GROUP_ORDER, false);
}

/** Whether this may be an X25519 public key: 32 bytes, u < 2²⁵⁵ − 19 as a full 256-bit number, not of small order. */
export function isX25519PublicKey(u: Uint8Array): boolean {
  return u.length === KEY_BYTES && isBelow(u, FIELD, false) && !isOneOf(u, SMALL_ORDER_U, false);
}
