import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { type SessionClaim, sessionBytes, verifySession } from './session.ts';
import { sessions } from './test/vectors.ts';

const key = fromHex(sessions.ed25519);

describe.each(sessions.sessions)('the session "$name"', (vector) => {
  const claim: SessionClaim = {
    domain: vector.domain,
    serverKey: fromHex(vector.serverKey),
    serverNonce: fromHex(vector.serverNonce),
    clientNonce: fromHex(vector.clientNonce),
    address: vector.address,
    device: fromHex(vector.device),
    number: vector.number,
  };
  const signature = fromHex(vector.signature);

  it('is signed over the golden bytes', () => {
    expect(toHex(sessionBytes(claim))).toBe(vector.bytes);
    expect(verifySession(claim, key, signature)).toBe(true);
  });

  it.each([
    ['domain', { domain: 'other.example' }],
    ['server key', { serverKey: new Uint8Array(32).fill(1) }],
    ['server nonce', { serverNonce: new Uint8Array(32) }],
    ['client nonce', { clientNonce: new Uint8Array(16) }],
    ['address', { address: 'bob@parley.example' }],
    ['device', { device: new Uint8Array(32) }],
    ['number', { number: vector.number - 1 }],
  ])('is worth nothing with another %s', (_, change) => {
    expect(verifySession({ ...claim, ...change }, key, signature)).toBe(false);
  });

  it('is refused with any byte of its signature changed', () => {
    for (let i = 0; i < signature.length; i++) {
      const changed = signature.map((byte, at) => (at === i ? byte ^ 0x10 : byte));
      expect(verifySession(claim, key, changed)).toBe(false);
    }
  });

  it('cannot be made with nonces of another size', () => {
    expect(() => sessionBytes({ ...claim, serverNonce: new Uint8Array(31) })).toThrow(ProtocolError);
    expect(() => sessionBytes({ ...claim, clientNonce: new Uint8Array(17) })).toThrow(ProtocolError);
  });
});
