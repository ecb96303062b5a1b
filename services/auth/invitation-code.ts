// An invitation: a code that lets one person sign up until a day that it names. It is signed with a key that auth has, so whoever has
// the key makes codes without asking a server, and auth knows its own without a list of them. Bytes, from the front:
//
//   u8 version 1 ‖ nonce (5 random) ‖ u32 expiry, in seconds since 1970 ‖
//   HMAC-SHA-256(key, "parley/1 invitation" ‖ 00 ‖ LP(domain) ‖ version ‖ nonce ‖ expiry)[0..10]
//
// A person writes these 20 bytes as 32 characters of Crockford's base 32, in groups of four. 80 bits of a MAC cannot be guessed at a
// door that takes 240 tries a minute; a longer code would only be mistyped more often.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ByteReader, ByteWriter, encodeText } from '#protocol/bytes.ts';

/** What codes are signed with. `secret`: INVITATION_SECRET_BYTES random bytes. A code is of one domain, whoever else has the same key. */
export type InvitationKey = { readonly domain: string; readonly secret: Uint8Array };

/** `hash`: under which the store remembers it, base64url. `expiresAt`: in ms since 1970. */
export type Invitation = { readonly hash: string; readonly expiresAt: number };

export const INVITATION_SECRET_BYTES = 32;
/** Two codes of one second are the same once in 2⁴⁰. */
export const INVITATION_NONCE_BYTES = 5;

const VERSION = 1;
const MAC_BYTES = 10;
const SIGNED_BYTES = 1 + INVITATION_NONCE_BYTES + 4;
const LABEL = encodeText('parley/1 invitation\0');
const MS_PER_S = 1_000;

/** Without i, l, o and u: those are read as other signs, or make words. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const BASE = BigInt(DIGITS.length);
const CHARS = ((SIGNED_BYTES + MAC_BYTES) * 8) / 5;
const GROUP_CHARS = 4;

/** A code that serves until `expiresAt` (ms, rounded up to a second). `nonce`: new random bytes. */
export function writeInvitation(key: InvitationKey, nonce: Uint8Array, expiresAt: number): string {
  const signed = new ByteWriter()
    .u8(VERSION)
    .raw(nonce, INVITATION_NONCE_BYTES)
    .u32(Math.ceil(expiresAt / MS_PER_S))
    .finish();
  const digits = toDigits(Buffer.concat([signed, mac(key, signed)]));
  return digits.replace(new RegExp(`.{${GROUP_CHARS}}(?=.)`, 'g'), '$&-');
}

/**
 * The invitation that somebody typed, in capitals or not, with or without hyphens; one code is one invitation however it is typed.
 * undefined: this key did not sign it, or it is no code at all.
 */
export function readInvitation(key: InvitationKey, code: string): Invitation | undefined {
  const bytes = fromDigits(code);
  if (bytes === undefined) return undefined;
  const signed = bytes.subarray(0, SIGNED_BYTES);
  if (!timingSafeEqual(bytes.subarray(SIGNED_BYTES), mac(key, signed))) return undefined;
  const reader = new ByteReader(signed);
  if (reader.u8() !== VERSION) return undefined;
  reader.raw(INVITATION_NONCE_BYTES);
  const hash = createHash('sha256').update(bytes).digest('base64url');
  return { hash, expiresAt: reader.u32() * MS_PER_S };
}

function mac({ domain, secret }: InvitationKey, signed: Uint8Array): Uint8Array {
  const bytes = new ByteWriter().raw(LABEL).text(domain).raw(signed).finish();
  return createHmac('sha256', secret).update(bytes).digest().subarray(0, MAC_BYTES);
}

function toDigits(bytes: Buffer): string {
  const digits = BigInt(`0x${bytes.toString('hex')}`).toString(DIGITS.length);
  return [...digits.padStart(CHARS, '0')].map((digit) => DIGITS[Number.parseInt(digit, DIGITS.length)]).join('');
}

/** The other way; undefined unless it is so many digits. What is easily mistaken for a digit is read as that digit. */
function fromDigits(code: string): Buffer | undefined {
  const digits = code.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1');
  if (digits.length !== CHARS) return undefined;
  let value = 0n;
  for (const digit of digits) {
    const index = DIGITS.indexOf(digit);
    if (index < 0) return undefined;
    value = value * BASE + BigInt(index);
  }
  return Buffer.from(value.toString(16).padStart(2 * (SIGNED_BYTES + MAC_BYTES), '0'), 'hex');
}
