import { describe, expect, it } from 'vitest';
import { fromHex } from '#protocol/bytes.ts';
import { safetyNumbers } from '#protocol/test/vectors.ts';
import { safetyNumber } from './safety.ts';

describe('the safety number', () => {
  it.each(safetyNumbers.numbers)(
    'of $accounts.0.address and $accounts.1.address is the golden one, from either side',
    (vector) => {
      const one = { address: vector.accounts[0].address, identity: fromHex(vector.accounts[0].identity) };
      const other = { address: vector.accounts[1].address, identity: fromHex(vector.accounts[1].identity) };
      expect(safetyNumber(one, other)).toBe(vector.number);
      expect(safetyNumber(other, one)).toBe(vector.number);
      expect(vector.number).toMatch(/^\d{5}( \d{5}){11}$/);
      const swapped = { ...other, identity: other.identity.map((byte) => byte ^ 1) };
      expect(safetyNumber(one, swapped)).not.toBe(vector.number);
      expect(safetyNumber(one, { ...other, address: 'eve@parley.example' })).not.toBe(vector.number);
    },
  );
});
