// Canonical Base64: standard alphabet, padded, spare bits zero. Byte fields cross the wire so, and only one spelling of
// each is accepted, because frames are compared, signed over and stored by their text.
import { ProtocolError } from './errors.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PAD = 61;
const NONE = 255;
const VALUES = new Uint8Array(128).fill(NONE);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

// Node and its kin; a browser has no Buffer and takes the loops below. Measured for 400 bytes: 0.4 µs against 2.
const NativeBuffer: typeof Buffer | undefined = globalThis.Buffer;

/** How many bytes this Base64 decodes to; -1 if its length cannot be canonical. Looks at length and padding only. */
export function base64ByteLength(text: string): number {
  const length = text.length;
  if (length % 4 !== 0) return -1;
  if (length === 0) return 0;
  if (text.charCodeAt(length - 1) !== PAD) return (length / 4) * 3;
  return (length / 4) * 3 - (text.charCodeAt(length - 2) === PAD ? 2 : 1);
}

/** Below this, looking at each character is faster than two calls into Node: 0.3 µs against 0.9 for a tag, 1.2 against 1.0 at 264. */
const SHORT_CHARS = 200;

/**
 * Whether this is canonical Base64 of `minBytes` to `maxBytes`. For hot paths: nothing is kept, and length is checked first.
 * Long ones are decoded and encoded again in Node, which its vector code does at 1.2 GB/s; a regular expression takes 15 times as long.
 */
export function isCanonicalBase64(text: string, minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER): boolean {
  const bytes = base64ByteLength(text);
  if (bytes < minBytes || bytes > maxBytes || bytes < 0) return false;
  if (NativeBuffer === undefined || text.length < SHORT_CHARS) return hasCanonicalDigits(text, bytes);
  return NativeBuffer.from(text, 'base64').toString('base64') === text;
}

/** Whether all digits are of the alphabet and the last one's spare bits are zero; `bytes`: what the text's length says. */
function hasCanonicalDigits(text: string, bytes: number): boolean {
  const digits = Math.ceil((bytes * 8) / 6);
  let value = 0;
  for (let i = 0; i < digits; i++) {
    value = VALUES[text.charCodeAt(i)] ?? NONE;
    if (value === NONE) return false;
  }
  return (value & ((1 << (digits * 6 - bytes * 8)) - 1)) === 0;
}

/** The bytes of canonical Base64; any other text is a ProtocolError. */
export function decodeBase64(text: string): Uint8Array {
  const bytes = decode(text);
  if (bytes === undefined) throw new ProtocolError('This is not canonical Base64.');
  return bytes;
}

function decode(text: string): Uint8Array | undefined {
  if (NativeBuffer === undefined) return portableDecode(text);
  const buffer = NativeBuffer.from(text, 'base64');
  if (buffer.toString('base64') !== text) return undefined;
  // A plain Uint8Array: Buffer's slice() shares memory where everybody else's copies.
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Canonical Base64 of the bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  if (NativeBuffer === undefined) return portableEncode(bytes);
  return NativeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** `decodeBase64` without a platform's help; undefined where the text is not canonical. */
export function portableDecode(text: string): Uint8Array | undefined {
  const length = base64ByteLength(text);
  if (length < 0) return undefined;
  const bytes = new Uint8Array(length);
  const digits = Math.ceil((length * 8) / 6);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? NONE;
    if (value === NONE) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
    }
  }
  const spare = bits & ((1 << held) - 1);
  return spare === 0 ? bytes : undefined;
}

/** `encodeBase64` without a platform's help. */
export function portableEncode(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    // Beyond the end `?? 0` gives the zero bits that padding stands for.
    const three = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET.charAt(three >> 18) + ALPHABET.charAt((three >> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((three >> 6) & 63) : '=';
    text += left > 2 ? ALPHABET.charAt(three & 63) : '=';
  }
  return text;
}
