import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PasteReader, Pastes, typedSigns } from './paste.ts';

const pasted = (text: string) => `\u001b[200~${text}\u001b[201~`;

describe('keys of a terminal', () => {
  it('are told from what is pasted, wherever its end is cut', () => {
    const all = `ab${pasted('one\rtwo')}c`;
    for (let cut = 5; cut < all.length; cut++) {
      const reader = new PasteReader();
      const heard = { keys: '', paste: '' };
      for (const part of [all.slice(0, cut), all.slice(cut)]) {
        for (const { kind, text } of reader.read(part)) heard[kind] += text;
      }
      expect(heard, `cut at ${cut}`).toEqual({ keys: 'abc', paste: 'one\rtwo' });
    }
  });

  it('are a paste as a whole, in however many parts it comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (parts, size) => {
          const text = parts.join('\n');
          const all = pasted(text);
          const reader = new PasteReader();
          const pieces = [];
          // Its beginning comes at once.
          for (let at = 0, next = 6; at < all.length; at = next, next += size)
            pieces.push(...reader.read(all.slice(at, next)));
          expect(pieces).toEqual([{ kind: 'paste', text }]);
        },
      ),
    );
  });

  it('are keys again after a paste without an end, at Ctrl-C', () => {
    const reader = new PasteReader();
    expect(reader.read('\u001b[200~cut off')).toEqual([]);
    expect(reader.read('\u0003')).toEqual([
      { kind: 'paste', text: 'cut off' },
      { kind: 'keys', text: '\u0003' },
    ]);
    expect(reader.read('x')).toEqual([{ kind: 'keys', text: 'x' }]);
  });

  it('are handed on at once where they are no marker, Escape and arrows too', () => {
    for (const key of ['\u001b', '\u001b[A', '\u001b[3~', 'x']) {
      expect(new PasteReader().read(key)).toEqual([{ kind: 'keys', text: key }]);
    }
  });
});

describe('a pasted text', () => {
  it('stands on the line as one, and is sent as it was but for line ends behind it', () => {
    const pastes = new Pastes();
    expect(pastes.shown('one\r\n\ttwo\n')).toBe('one␊␉two');
    expect(pastes.meant('so: one␊␉two')).toBe('so: one\n\ttwo');
  });

  it('comes back whatever it is, on the line or under a name', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
        const pastes = new Pastes();
        const text = parts.join('\n').replace(/\r\n?/g, '\n').replace(/\n+$/, '');
        expect(pastes.meant(`a ${pastes.shown(text)} b`)).toBe(`a ${text} b`);
      }),
    );
  });

  it('has a name on the line where it is long, or would be obeyed by the terminal', () => {
    const pastes = new Pastes();
    const long = 'line\n'.repeat(24).trimEnd();
    expect(pastes.shown(long)).toBe('[pasted 1: 24 lines]');
    expect(pastes.shown('\u001b[2J')).toBe('[pasted 2: 4 characters]');
    expect(pastes.meant('look: [pasted 1: 24 lines][pasted 2: 4 characters]')).toBe(`look: ${long}\u001b[2J`);
    expect(pastes.meant('[pasted 9: 1 lines]')).toBe('[pasted 9: 1 lines]');
  });
});

it('a sign that somebody types is that sign', () => {
  expect(new Pastes().meant(typedSigns('␊ and ␉'))).toBe('␊ and ␉');
});
