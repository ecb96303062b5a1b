import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '#protocol/bytes.ts';
import { encodeHeader } from '#protocol/envelope.ts';
import { CryptoError } from '#protocol/errors.ts';
import { type RefusedVector, suite1 } from '#protocol/test/vectors.ts';
import { decodeGiven, type Given, openMessage } from './open.ts';
import { encodePrivate } from './private.ts';
import { seal } from './seal.ts';
import { device, sealed, sealInputOf, worldOf } from './test/world.ts';

/** What opening does: the step that refuses, or the verdict. */
function outcome(given: () => Given, reader: string, state: RefusedVector['state'] = {}): string {
  try {
    return openMessage(given(), worldOf(device(reader), state)).verdict;
  } catch (error) {
    if (error instanceof CryptoError) return error.step;
    throw error;
  }
}

describe.each(suite1.sealed)('$name', (vector) => {
  it.each(vector.slots)('opens at $reader', (slot) => {
    const text = vector.envelope.slots.find(({ device: id }) => id === toBase64(slot.device));
    if (text === undefined) throw new Error('the vector lacks a slot');
    const given = decodeGiven({ ...vector.envelope, slot: text.slot });
    const { verdict, message } = openMessage(given, worldOf(device(slot.reader)));
    expect(verdict).toBe('fresh');
    expect([toHex(message.messageHash), toHex(message.messageKey)]).toEqual([vector.mh, vector.K]);
    expect(toHex(encodeHeader(message.header))).toBe(vector.header);
    const { private: expected, header } = sealInputOf(vector);
    expect(toHex(encodePrivate(message.private, header))).toBe(toHex(encodePrivate(expected, header)));
  });
});

function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

describe('what must not be opened', () => {
  it.each(suite1.refused)('$name', ({ given, reader, state, step, verdict }) => {
    const expected = verdict === 'refuse' ? step : verdict;
    expect(outcome(() => decodeGiven(given), reader, state)).toBe(expected);
  });

  it('a late slot may come from an earlier epoch, and from nobody who was no member', () => {
    const falls = suite1.refused.find(({ name }) => name === 'member: epoch falls');
    const never = suite1.refused.find(({ name }) => name === 'member: never a member');
    if (falls === undefined || never === undefined) throw new Error('the vectors lack a case');
    expect(outcome(() => ({ ...decodeGiven(falls.given), late: true }), falls.reader, falls.state)).toBe('fresh');
    expect(outcome(() => ({ ...decodeGiven(never.given), late: true }), never.reader, never.state)).toBe('member');
  });
});

describe.each(['direct-first', 'direct-later', 'group-first', 'group-later'])('%s with any byte changed', (name) => {
  const vector = sealed(name);
  const slot = vector.slots[0];
  if (slot === undefined) throw new Error('the vector has no slot');
  const message = seal(sealInputOf(vector));
  const given: Given = { header: message.header, body: message.body, slot: fromHex(slot.slot) };
  const world = worldOf(device(slot.reader));

  it.each(['header', 'body', 'slot'] as const)('of the %s is refused', (field) => {
    for (let i = 0; i < given[field].length; i++) {
      const changed = given[field].slice();
      changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
      expect(() => openMessage({ ...given, [field]: changed }, world)).toThrow(CryptoError);
    }
  });

  it('to any other value is refused', () => {
    const field = fc.constantFrom('header', 'body', 'slot');
    fc.assert(
      fc.property(field, fc.nat(), fc.integer({ min: 1, max: 255 }), (where, at, flip) => {
        const key = where as 'header' | 'body' | 'slot';
        const changed = given[key].slice();
        const index = at % changed.length;
        changed[index] = (changed[index] ?? 0) ^ flip;
        expect(() => openMessage({ ...given, [key]: changed }, world)).toThrow(CryptoError);
      }),
      { numRuns: 300 },
    );
  });

  it('of any length is refused', () => {
    for (const field of ['header', 'body', 'slot'] as const) {
      for (const cut of [0, 1, given[field].length - 1]) {
        expect(() => openMessage({ ...given, [field]: given[field].subarray(0, cut) }, world)).toThrow(CryptoError);
      }
      const longer = Uint8Array.from([...given[field], 0]);
      expect(() => openMessage({ ...given, [field]: longer }, world)).toThrow(CryptoError);
    }
  });

  it('changes nothing: the untouched message still opens', () => {
    expect(openMessage(given, world).verdict).toBe('fresh');
  });
});

describe('any message', () => {
  const base = sealInputOf(sealed('direct-first'));

  it('that is sealed opens to what was sealed', () => {
    const content = fc.uint8Array({ maxLength: 3_000 });
    const times = fc.tuple(fc.nat(Number.MAX_SAFE_INTEGER), fc.nat(Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(content, times, fc.integer({ min: 1 }), (text, [sentAt, expiry], seq) => {
        const input = {
          ...base,
          header: { ...base.header, seq },
          private: { ...base.private, content: text, sentAt, expiry },
        };
        const { header, body, slots } = seal(input);
        const slot = slots[0]?.slot ?? new Uint8Array();
        const { message } = openMessage({ header, body, slot }, worldOf(device('bob/phone')));
        expect(toHex(message.private.content)).toBe(toHex(text));
        expect([message.private.sentAt, message.private.expiry, message.header.seq]).toEqual([sentAt, expiry, seq]);
      }),
      { numRuns: 50 },
    );
  });

  it('of arbitrary bytes is refused as unreadable, and nothing else is thrown', () => {
    const some = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(some, some, some, (header, body, slot) => {
        expect(outcome(() => ({ header, body, slot }), 'bob/phone')).toBe('parse');
      }),
    );
  });
});
