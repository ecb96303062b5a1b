import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteReader,
  ByteWriter,
  compareBytes,
  concat,
  decodeText,
  encodeText,
  equalBytes,
  fromHex,
  isZero,
  toHex,
} from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { suite1 } from './test/vectors.ts';

const bytes = (max = 300) => fc.uint8Array({ maxLength: max });

describe('canonical values', () => {
  it.each(suite1.primitives.lp)('LP of $x is the golden one', ({ x, out }) => {
    expect(toHex(new ByteWriter(1).lp(fromHex(x)).finish())).toBe(out);
  });

  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.nat(0xffff_ffff),
        fc.nat(Number.MAX_SAFE_INTEGER),
        bytes(),
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.array(fc.nat(255), { maxLength: 9 }),
        (u8, u32, u64, lp, text, list) => {
          const writer = new ByteWriter(1).u8(u8).u32(u32).u64(u64).lp(lp).text(text).raw(lp);
          const reader = new ByteReader(writer.list(list, (w, item) => w.u8(item)).finish());
          expect([reader.u8(), reader.u32(), reader.u64()]).toEqual([u8, u32, u64]);
          expect(equalBytes(reader.lp(300), lp)).toBe(true);
          expect(reader.text(10_000)).toBe(text);
          expect(equalBytes(reader.raw(lp.length), lp)).toBe(true);
          expect(reader.list(9, (r) => r.u8())).toEqual(list);
          reader.end();
        },
      ),
    );
  });

  it('are written alike into memory that has to grow', () => {
    const value = (capacity: number) =>
      new ByteWriter(capacity).text('long enough').u64(7).lp(new Uint8Array(5_000)).u8(1);
    expect(toHex(value(1).finish())).toBe(toHex(value(10_000).finish()));
  });

  it('u64 reaches 2^53 - 1 and no further', () => {
    const highest = new ByteWriter().u64(Number.MAX_SAFE_INTEGER).finish();
    expect(toHex(highest)).toBe('001fffffffffffff');
    expect(new ByteReader(highest).u64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => new ByteReader(fromHex('0020000000000000')).u64()).toThrow(ProtocolError);
    expect(() => new ByteReader(fromHex('ffffffffffffffff')).u64()).toThrow(ProtocolError);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%s is no number to write', (value) => {
    expect(() => new ByteWriter().u8(value)).toThrow(ProtocolError);
    expect(() => new ByteWriter().u32(value)).toThrow(ProtocolError);
    expect(() => new ByteWriter().u64(value)).toThrow(ProtocolError);
  });

  it('a fixed field of another size is not written', () => {
    expect(() => new ByteWriter().raw(new Uint8Array(31), 32)).toThrow(ProtocolError);
  });
});

describe('reading refuses', () => {
  it('what ends too early, at every place', () => {
    const whole = new ByteWriter().u8(1).u32(2).u64(3).text('text').finish();
    for (let cut = 0; cut < whole.length; cut++) {
      const reader = new ByteReader(whole.subarray(0, cut));
      expect(() => {
        reader.u8();
        reader.u32();
        reader.u64();
        reader.text(9);
      }).toThrow(ProtocolError);
    }
  });

  it('trailing bytes', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2));
    reader.u8();
    expect(() => reader.end()).toThrow(ProtocolError);
  });

  it('a field or list beyond its bound, before it takes memory for it', () => {
    expect(() => new ByteReader(fromHex('ffffffff')).lp(10)).toThrow(ProtocolError);
    expect(() => new ByteReader(fromHex('ffffffff')).list(10, (r) => r.u8())).toThrow(ProtocolError);
  });
});

describe('text', () => {
  it('keeps a leading byte order mark', () => {
    expect(decodeText(encodeText('\ufeffa'))).toBe('\ufeffa');
  });

  it.each(['\ud800', 'a\udc00b', '\udc00\ud800'])('with a lone surrogate is refused (%j)', (text) => {
    expect(() => encodeText(text)).toThrow(ProtocolError);
    expect(() => new ByteWriter().text(text)).toThrow(ProtocolError);
  });

  it.each(['ff', 'c080', 'eda080', 'f4908080', 'e282', '61c3'])('of malformed UTF-8 is refused (%s)', (hex) => {
    expect(() => decodeText(fromHex(hex))).toThrow(ProtocolError);
  });

  it('has one encoding: what decodes encodes back', () => {
    fc.assert(
      fc.property(bytes(12), (some) => {
        let text: string;
        try {
          text = decodeText(some);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          return;
        }
        expect(toHex(encodeText(text))).toBe(toHex(some));
      }),
    );
  });
});

describe('comparison', () => {
  it('orders as hexadecimal does, a prefix being lower', () => {
    fc.assert(
      fc.property(bytes(4), bytes(4), (a, b) => {
        const [x, y] = [toHex(a), toHex(b)];
        const expected = x === y ? 0 : x < y ? -1 : 1;
        expect(Math.sign(compareBytes(a, b))).toBe(expected);
        expect(equalBytes(a, b)).toBe(expected === 0);
      }),
    );
  });

  it('isZero sees one bit anywhere', () => {
    expect(isZero(new Uint8Array(40))).toBe(true);
    for (let i = 0; i < 40; i++) expect(isZero(new Uint8Array(40).fill(4, i, i + 1))).toBe(false);
  });

  it('small values never share memory', () => {
    const [a, b] = [concat(Uint8Array.of(1)), concat(Uint8Array.of(2))];
    a.fill(9);
    expect(b).toEqual(Uint8Array.of(2));
  });

  it.each(['0', 'AA', 'zz', '0x'])('%j is not our hexadecimal', (text) => {
    expect(() => fromHex(text)).toThrow(ProtocolError);
  });
});
