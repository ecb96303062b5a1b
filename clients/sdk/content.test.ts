import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_CONTENT, readContent, textContent } from './content.ts';

describe('content', () => {
  it('gives any well-formed text back unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        fc.pre(text.isWellFormed());
        expect(readContent(textContent(text))).toEqual({ kind: 'text', text });
      }),
    );
    expect(readContent(textContent('\ufeffx'))).toEqual({ kind: 'text', text: '\ufeffx' });
  });

  it('takes 65,536 bytes of UTF-8 and refuses one more with a sentence', () => {
    expect(textContent('ü'.repeat(32_768)).length).toBe(65_537);
    expect(() => textContent(`${'ü'.repeat(32_768)}a`)).toThrow('Send it in parts');
  });

  it('refuses empty and ill-formed text', () => {
    expect(() => textContent('')).toThrow('empty');
    expect(() => textContent('a\ud800')).toThrow('Unicode');
  });

  it('reads any bytes without throwing and says what it does not know', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readContent(bytes)));
    expect(readContent(EMPTY_CONTENT)).toEqual({ kind: 'empty' });
    expect(readContent(Uint8Array.of(9, 1))).toEqual({ kind: 'unknown', number: 9 });
    expect(readContent(Uint8Array.of(1, 0xff))).toEqual({ kind: 'unknown', number: 1 });
    expect(readContent(Uint8Array.of(1))).toEqual({ kind: 'unknown', number: 1 });
  });
});
