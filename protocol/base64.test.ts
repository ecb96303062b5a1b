import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  base64ByteLength,
  decodeBase64,
  encodeBase64,
  isCanonicalBase64,
  portableDecode,
  portableEncode,
} from './base64.ts';
import { encodeText, toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';

// RFC 4648, section 10.
const KNOWN = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const;

const NOT_CANONICAL = [
  'Zg', // no padding
  'Zg=',
  'Zg===',
  'Zh==', // spare bits
  'Zm9=',
  'Zm9v====',
  'Zm-v', // URL alphabet
  'Zm_v',
  'Zm9v\n',
  'Zm\n9v',
  ' Zm9',
  'Zm9 ',
  '=m9v',
  'Z=9v',
  'Zg==Zg==',
  '====',
  'Zm9\u0100',
  'Zm9é',
];

describe.each([
  ['the platform’s', (text: string) => decodeBase64(text), encodeBase64],
  ['the portable', (text: string) => portableDecode(text) ?? refuse(), portableEncode],
] as const)('%s Base64', (_, decode, encode) => {
  it.each(KNOWN)('%j is %j', (text, base64) => {
    expect(encode(encodeText(text))).toBe(base64);
    expect(toHex(decode(base64))).toBe(toHex(encodeText(text)));
  });

  it.each(NOT_CANONICAL)('refuses %j', (text) => {
    expect(() => decode(text)).toThrow(ProtocolError);
  });

  it('round-trips any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = encode(bytes);
        expect(toHex(decode(text))).toBe(toHex(bytes));
        expect(base64ByteLength(text)).toBe(bytes.length);
      }),
    );
  });

  it('accepts exactly what it would write itself', () => {
    const quantum = fc.string({ unit: fc.constantFrom(...'AQgwZz09+/=-_ '), minLength: 4, maxLength: 8 });
    fc.assert(
      fc.property(quantum, (text) => {
        let bytes: Uint8Array | undefined;
        try {
          bytes = decode(text);
        } catch {
          bytes = undefined;
        }
        if (bytes !== undefined) expect(encode(bytes)).toBe(text);
        expect(isCanonicalBase64(text)).toBe(bytes !== undefined);
      }),
      { numRuns: 2_000 },
    );
  });
});

function refuse(): never {
  throw new ProtocolError('refused');
}

describe('isCanonicalBase64', () => {
  it.each(NOT_CANONICAL)('refuses %j', (text) => {
    expect(isCanonicalBase64(text)).toBe(false);
  });

  it('keeps to the bounds', () => {
    expect(isCanonicalBase64('Zm8=', 2, 2)).toBe(true);
    expect(isCanonicalBase64('Zm8=', 3)).toBe(false);
    expect(isCanonicalBase64('Zm8=', 0, 1)).toBe(false);
    expect(isCanonicalBase64('', 0, 0)).toBe(true);
  });

  it('takes a decoded value as a plain array, whose slices are copies', () => {
    const bytes = decodeBase64('Zm9vYmFy');
    const copy = bytes.slice(0, 3);
    bytes.fill(0);
    expect(toHex(copy)).toBe(toHex(encodeText('foo')));
  });
});
