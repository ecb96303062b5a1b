import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonLine, visible, visibleLines } from './escape.ts';

/** Any text, with the dangerous characters as likely as all others together. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
      fc.constantFrom(
        '\u001b[2J',
        '\u001b]0;x\u0007',
        '\u009b31m',
        '\u202e',
        '\u2066',
        '\u200f',
        '\u061c',
        '\u2028',
        '\r',
        '\ud800',
      ),
    ),
  )
  .map((parts) => parts.join(''));

const dangerous = (code: number) =>
  code < 0x20 ||
  (code >= 0x7f && code <= 0x9f) ||
  [0x061c, 0x200e, 0x200f, 0x2028, 0x2029].includes(code) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069) ||
  (code >= 0xd800 && code <= 0xdfff);

/** The dangerous code points of a text, which must be none. */
const left = (text: string) => [...text].map((character) => character.codePointAt(0) ?? 0).filter(dangerous);

it('lets no control character, escape sequence or direction control through in one line', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(left(visible(text))).toEqual([]);
    }),
  );
});

it('lets only its own line ends through in several lines, and indents what follows them', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const lines = visibleLines(text).split('\n');
      expect(lines.flatMap(left)).toEqual([]);
      expect(lines.slice(1).every((line) => line.startsWith('    '))).toBe(true);
    }),
  );
});

it('writes JSON that means the same and has none of these characters bare', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const line = jsonLine({ text });
      expect(left(line)).toEqual([]);
      expect(JSON.parse(line)).toEqual({ text });
    }),
  );
});

it('shows each as a sign that can be seen', () => {
  expect(visible('a\u0000b\u001b[31mc\u007fd\u009be\u202ef\n')).toBe('a␀b␛[31mc␡d<U+009B>e<U+202E>f␊');
});

it('leaves every other text as it is: accents, right to left, emoji with their joiners', () => {
  for (const text of ['Grüße', 'שלום', '👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿', '日本語']) expect(visible(text)).toBe(text);
});
