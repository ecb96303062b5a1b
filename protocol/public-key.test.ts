import { createPublicKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { fromHex } from './bytes.ts';
import { importPublicKey } from './public-key.node.ts';
import { suite1 } from './test/vectors.ts';

/** SubjectPublicKeyInfo up to the 32 bytes (RFC 8410). */
const SPKI = { X25519: '302a300506032b656e032100', Ed25519: '302a300506032b6570032100' } as const;

it.each(suite1.world.devices)('the keys of $name are the ones that their DER gives', ({ xPublic, edPublic }) => {
  for (const [crv, hex] of [['X25519', xPublic] as const, ['Ed25519', edPublic] as const]) {
    const der = Buffer.from(SPKI[crv] + hex, 'hex');
    expect(importPublicKey(crv, fromHex(hex)).equals(createPublicKey({ key: der, format: 'der', type: 'spki' }))).toBe(
      true,
    );
  }
});

it('bytes that are no key are refused', () => {
  expect(() => importPublicKey('X25519', new Uint8Array(31))).toThrow();
  expect(() => importPublicKey('Ed25519', new Uint8Array(33))).toThrow();
});
