import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './bytes.ts';
import { deviceId, encodeIds } from './envelope.ts';
import { H, type HashLabel, S, type SignLabel, signedBytes, verifyLabelled } from './hash.ts';
import { suite1 } from './test/vectors.ts';

describe('labelled hashes and signatures', () => {
  it.each(suite1.primitives.h)('H of $x', ({ x, out }) => {
    expect(toHex(H(fromHex(x)))).toBe(out);
  });

  it.each(suite1.primitives.s)('S of $label and $x', ({ label, x, out }) => {
    // The vectors use labels of this list.
    expect(toHex(S(label as HashLabel, fromHex(x)))).toBe(out);
  });

  it('S takes x in parts', () => {
    const x = new Uint8Array(90).fill(3);
    expect(S('commit', x.subarray(0, 40), x.subarray(40))).toEqual(S('commit', x));
  });

  it.each(suite1.primitives.sign)(
    'Sign under $label verifies, and under no other label',
    ({ publicKey, label, x, out }) => {
      const [key, bytes, signature] = [fromHex(publicKey), fromHex(x), fromHex(out)];
      // As above.
      expect(verifyLabelled(label as SignLabel, bytes, key, signature)).toBe(true);
      expect(verifyLabelled('device-entry', bytes, key, signature)).toBe(false);
    },
  );

  it('the signed bytes begin with what they are for', () => {
    expect(new TextDecoder().decode(signedBytes('session', fromHex('41')))).toBe('parley/1 session\0A');
  });

  it.each(suite1.primitives.device)('the device of $x25519', ({ x25519, ed25519, out }) => {
    expect(toHex(deviceId(fromHex(x25519), fromHex(ed25519)))).toBe(out);
  });

  it.each(suite1.primitives.ids)('the ids of $device', ({ device: name, out }) => {
    const device = suite1.world.devices.find((candidate) => candidate.name === name);
    if (device === undefined) throw new Error('the vectors lack the device');
    const ids = { address: device.address, identity: fromHex(device.identity), device: fromHex(device.id) };
    expect(toHex(encodeIds(ids))).toBe(out);
  });
});
