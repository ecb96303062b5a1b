import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapped } from './wrap.ts';

describe('a line that is wider than the terminal', () => {
  it('is broken between words, and goes on further in', () => {
    expect(wrapped('12:30 al: one two three four five\nshort\n', 20)).toBe(
      '12:30 al: one two\n    three four five\nshort\n',
    );
  });

  it('never begins a row of the screen with what a peer wrote', () => {
    const words = fc.array(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('12:31\u00a0al:\u00a0yes', '日本語'.repeat(9))),
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 60 }), (parts, columns) => {
        const text = `12:30 bo: ${parts.join(' ').replace(/[\p{Cc}\u2028\u2029]/gu, '')}`;
        const [, ...rest] = wrapped(text, columns).split('\n');
        for (const row of rest) expect(row === '' || row.startsWith('    ')).toBe(true);
      }),
    );
  });

  it('goes on further in whatever it is made of: blanks of any kind, and signs that count as one however many they are', () => {
    const longs = ['\u00a0', '\u3000', '\u{1f468}\u200d', '\u1100', 'e\u0301', '\u200b'].map((sign) =>
      sign.repeat(200),
    );
    for (const long of longs) {
      for (const text of [long, `${long} and more`]) {
        const rows = wrapped(`12:00 bo: ${text}`, 40).split('\n');
        expect(rows.length).toBeGreaterThan(4);
        for (const row of rows) expect([...row].length).toBeLessThanOrEqual(40);
        for (const row of rows.slice(1)) expect(row).toMatch(/^( {4}|$)/);
      }
    }
  });

  it('keeps an address that is to be copied whole, and colours count for nothing', () => {
    const address = `https://example.org/${'a'.repeat(60)}`;
    expect(wrapped(`see ${address}`, 40)).toBe(`see\n    ${address}`);
    expect(wrapped(`\u001b[2m${'x'.repeat(20)}\u001b[22m`, 20)).toBe(`\u001b[2m${'x'.repeat(20)}\u001b[22m`);
  });

  it('says all that it said', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const squeezed = (any: string) => any.replace(/\s/g, '');
        expect(squeezed(wrapped(text, 24))).toBe(squeezed(text));
      }),
    );
  });
});
