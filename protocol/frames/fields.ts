// The fields that frames are made of, each parsed once, at the door; behind it types carry the knowledge.
import { z } from 'zod';
import { isAddress, isDomain } from '../address.ts';
import { base64ByteLength, isCanonicalBase64 } from '../base64.ts';
import * as limits from '../limits.ts';

/** Canonical Base64 of min to max bytes; kept as text, because most of it is only passed on. */
export function base64(minBytes: number, maxBytes = minBytes) {
  const what = minBytes === maxBytes ? `Base64 of ${minBytes} bytes` : `Base64 of ${minBytes} to ${maxBytes} bytes`;
  return z.string().refine((text) => {
    const bytes = base64ByteLength(text);
    return bytes >= minBytes && bytes <= maxBytes && isCanonicalBase64(text);
  }, what);
}

/** What `base64` takes, for frames that have many of it. */
export function isBase64(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && isCanonicalBase64(value, bytes, bytes);
}

/** What `address` takes. */
export function isAddressText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.ADDRESS_MAX_CHARS && isAddress(value);
}

export const DEVICE_BYTES = 32;
export const TAG_BYTES = 16;

/** `name@domain`, canonical (PROTOCOL.md, Addresses). */
export const address = z.string().max(limits.ADDRESS_MAX_CHARS).refine(isAddress, 'an address: name@domain');
/** Canonical, as behind the @ of an address: people are shown it. */
export const domain = z.string().refine(isDomain, 'a domain');
/** A whole number that JSON carries exactly. */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const positive = count.min(1);
export const device = base64(DEVICE_BYTES);
export const messageId = base64(16);
export const signature = base64(64);
export const tag = base64(TAG_BYTES);
/** OPAQUE's messages are base64url without padding, as its library makes them. */
export const opaque = z
  .string()
  .min(1)
  .max(limits.OPAQUE_MAX_CHARS)
  .regex(/^[A-Za-z0-9_-]+$/);
/** 16 random bytes that name a registration or a sign-in under way. */
export const ticket = base64(16);

/** An entry of an account log as it travels: canonical bytes and the signatures over them (PROTOCOL.md, Account log). */
export const signedEntry = z.strictObject({
  entry: base64(1, 1_024),
  signature,
  countersignature: signature.optional(),
});
export type SignedEntryText = z.infer<typeof signedEntry>;

/** 32 random bytes: the name of a blob. Who does not know it cannot ask for it. */
export const blob = base64(32);

/** 32 bytes: the id of a group, a hash. */
export const hash = base64(32);

/** An entry of a group's log as it travels: canonical bytes and its actor's signature over them (PROTOCOL.md, Groups). */
export const signedGroupEntry = z.strictObject({
  entry: base64(1, limits.GROUP_ENTRY_MAX_BYTES),
  signature,
});
export type SignedGroupEntryText = z.infer<typeof signedGroupEntry>;
