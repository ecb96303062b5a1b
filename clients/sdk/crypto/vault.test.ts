import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '#protocol/bytes.ts';
import { CryptoError, ProtocolError } from '#protocol/errors.ts';
import { VAULT_MAX_BYTES } from '#protocol/limits.ts';
import { vaults } from '#protocol/test/vectors.ts';
import { openVault, sealVault } from './vault.ts';

describe.each(vaults.vaults)('the vault "$name"', (vector) => {
  const { address } = vector;
  const exportKey = fromHex(vector.exportKey);
  const bytes = fromHex(vector.vault);
  const content = {
    identitySeed: fromHex(vector.identitySeed),
    position: { index: vector.position.index, head: fromHex(vector.position.head) },
  };

  it('seals to the golden bytes, within its bound, and opens', () => {
    const vault = sealVault(address, exportKey, content, fromHex(vector.nonce));
    expect(toHex(vault)).toBe(vector.vault);
    expect(vault.length).toBeLessThanOrEqual(VAULT_MAX_BYTES);
    expect(openVault(address, exportKey, vault)).toEqual(content);
  });

  it('opens with no other password and for no other address', () => {
    expect(() =>
      openVault(
        address,
        exportKey.map((byte) => byte ^ 1),
        bytes,
      ),
    ).toThrow(CryptoError);
    expect(() => openVault('bob@parley.example', exportKey, bytes)).toThrow(CryptoError);
  });

  it('with any byte changed, cut or added is refused', () => {
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.map((byte, at) => (at === i ? byte ^ 0x40 : byte));
      expect(() => openVault(address, exportKey, changed)).toThrow(CryptoError);
      expect(() => openVault(address, exportKey, bytes.subarray(0, i))).toThrow(CryptoError);
    }
    expect(() => openVault(address, exportKey, Uint8Array.from([...bytes, 0]))).toThrow(CryptoError);
  });

  it('needs a seed and a nonce of their sizes', () => {
    expect(() => sealVault(address, exportKey, content, new Uint8Array(23))).toThrow(ProtocolError);
    const short = { ...content, identitySeed: new Uint8Array(31) };
    expect(() => sealVault(address, exportKey, short, fromHex(vector.nonce))).toThrow(ProtocolError);
  });
});
