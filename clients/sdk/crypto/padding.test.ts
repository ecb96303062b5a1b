import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, toHex } from '#protocol/bytes.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { H } from '#protocol/hash.ts';
import { suite1 } from '#protocol/test/vectors.ts';
import { PADDED_MAX_BYTES, pad, paddedLength, unpad } from './padding.ts';

describe('padding', () => {
  it.each(suite1.primitives.pad)('of $length bytes is the golden $padded', ({ length, byte, padded, hash }) => {
    const value = new Uint8Array(length).fill(byte);
    const result = pad(value);
    expect(result.length).toBe(padded);
    expect(toHex(H(result))).toBe(hash);
    expect(equalBytes(unpad(result), value)).toBe(true);
  });

  it('costs at most 256 bytes or an eighth, and shows only the padded size', () => {
    fc.assert(
      fc.property(fc.nat(69_000), (length) => {
        const padded = paddedLength(length);
        expect(padded - length - 4).toBeLessThan(Math.max(256, (length + 4) / 8));
        expect(padded % 256).toBe(0);
        expect(paddedLength(length + 1)).toBeGreaterThanOrEqual(padded);
      }),
    );
  });

  it('has one form: another length, or any byte that is not zero, is refused', () => {
    const value = new Uint8Array(100).fill(1);
    const good = pad(value);
    for (const length of [0, 3, 104, 255, 257, 512]) {
      const other = new Uint8Array(length);
      other.set(good.subarray(0, Math.min(length, 104)));
      expect(() => unpad(other)).toThrow(ProtocolError);
    }
    for (let i = 104; i < good.length; i++) {
      const changed = good.slice();
      changed[i] = 1;
      expect(() => unpad(changed)).toThrow(ProtocolError);
    }
  });

  it('goes up to its bound', () => {
    expect(pad(new Uint8Array(PADDED_MAX_BYTES - 4)).length).toBe(PADDED_MAX_BYTES);
    expect(() => pad(new Uint8Array(PADDED_MAX_BYTES - 3))).toThrow(ProtocolError);
  });
});
