import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INVITATION_MAX_CHARS } from '#protocol/limits.ts';
import { type InvitationKey, readInvitation, writeInvitation } from './invitation-code.ts';

const key: InvitationKey = { domain: 'chat.example.org', secret: new Uint8Array(32).fill(7) };
const nonce = Uint8Array.of(1, 2, 3, 4, 5);
const EXPIRES_AT = 1_800_000_000_000;
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** The last second that a u32 counts. */
const LAST_S = 0xffff_ffff;
const keys = fc.record({
  domain: fc.domain(),
  secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
const nonces = fc.uint8Array({ minLength: 5, maxLength: 5 });
const seconds = fc.integer({ min: 0, max: LAST_S });

describe('an invitation', () => {
  // Made by another implementation, in Python: hmac.new(b'\7' * 32, b'parley/1 invitation\0' + b'\0\0\0\x10chat.example.org' +
  // bytes.fromhex('0101020304056b49d200'), 'sha256').digest()[:10], the whole in Crockford's base 32.
  test('is written as these characters', () => {
    expect(writeInvitation(key, nonce, EXPIRES_AT)).toBe('040g-40r4-0nnm-kmg0-3rzr-3ybf-nq91-5xk1');
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(keys, nonces, seconds, (signer, random, expiresAtS) => {
        const code = writeInvitation(signer, random, expiresAtS * 1_000);
        expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){7}[0-9a-hjkmnp-tv-z]{4}$/);
        expect(code.length).toBeLessThanOrEqual(INVITATION_MAX_CHARS);
        expect(readInvitation(signer, code)?.expiresAt).toBe(expiresAtS * 1_000);
      }),
    );
  });

  test('is one, in whatever way it is typed', () => {
    fc.assert(
      fc.property(nonces, fc.array(fc.boolean(), { minLength: 39, maxLength: 39 }), (random, choices) => {
        const code = writeInvitation(key, random, EXPIRES_AT);
        const typed = [...code].map((sign, index) => {
          if (!choices[index]) return sign;
          if (sign === '-') return ' ';
          return { '0': 'O', '1': index % 2 ? 'l' : 'I' }[sign] ?? sign.toUpperCase();
        });
        expect(readInvitation(key, ` ${typed.join('')}\n`)).toEqual(readInvitation(key, code));
      }),
    );
  });

  test('with any other digit is none', () => {
    const code = writeInvitation(key, nonce, EXPIRES_AT).replaceAll('-', '');
    for (let at = 0; at < code.length; at += 1) {
      for (const digit of DIGITS) {
        if (digit === code[at]) continue;
        expect(readInvitation(key, code.slice(0, at) + digit + code.slice(at + 1))).toBeUndefined();
      }
    }
  });

  test('of another key or domain is none', () => {
    fc.assert(
      fc.property(keys, keys, nonces, seconds, (one, other, random, expiresAtS) => {
        const code = writeInvitation(one, random, expiresAtS * 1_000);
        expect(readInvitation({ ...one, secret: other.secret }, code) === undefined).toBe(
          Buffer.compare(one.secret, other.secret) !== 0,
        );
        expect(readInvitation({ ...one, domain: other.domain }, code) === undefined).toBe(one.domain !== other.domain);
      }),
    );
  });

  test('is found in no text that was not signed, and no text is a fault', () => {
    const digits = fc.string({ unit: fc.constantFrom(...DIGITS), minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: INVITATION_MAX_CHARS }), digits), (text) => {
        expect(readInvitation(key, text)).toBeUndefined();
      }),
    );
  });

  test('is remembered by a hash of its own, which does not hold it', () => {
    const hashes = Array.from({ length: 100 }, (_, index) => {
      const code = writeInvitation(key, Uint8Array.of(0, 0, 0, 0, index), EXPIRES_AT);
      return readInvitation(key, code)?.hash;
    });
    expect(new Set(hashes).size).toBe(100);
    for (const hash of hashes) expect(hash).toHaveLength(createHash('sha256').digest('base64url').length);
  });

  test('serves to the end of the second in which its time is up', () => {
    expect(readInvitation(key, writeInvitation(key, nonce, EXPIRES_AT + 1))?.expiresAt).toBe(EXPIRES_AT + 1_000);
  });
});
