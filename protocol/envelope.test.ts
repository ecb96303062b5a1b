import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directConversation } from './address.ts';
import { decodeBase64 } from './base64.ts';
import { equalBytes, fromHex, toHex } from './bytes.ts';
import { decodeHeader, encodeHeader, type Header, joinBody, messageHash, splitBody } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { H } from './hash.ts';
import { BODY_MAX_BYTES, BODY_MIN_BYTES, HEADER_MAX_BYTES } from './limits.ts';
import { suite1 } from './test/vectors.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const address = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,30}[a-z0-9]@[a-z0-9]([a-z0-9.-]{0,40}[a-z0-9])?$/);
const u64 = fc.nat(Number.MAX_SAFE_INTEGER);
const common = { id: bytes(16), device: bytes(32), seq: u64.map((n) => Math.max(1, n)) };
const header: fc.Arbitrary<Header> = fc.oneof(
  fc.record({
    ...common,
    conversation: fc.tuple(address, address).map(([a, b]) => directConversation(a, b)),
    sender: address,
    epoch: fc.constant(0),
    head: fc.constant(new Uint8Array(32)),
  }),
  fc.record({
    ...common,
    conversation: bytes(32).map((group) => ({ kind: 'group' as const, group })),
    sender: address,
    epoch: u64,
    head: bytes(32),
  }),
);

describe.each(suite1.sealed)('the header of $name', (vector) => {
  const bytesOf = fromHex(vector.header);

  it('decodes to its fields and encodes to the golden bytes', () => {
    const fields = decodeHeader(bytesOf);
    expect(fields.conversation.kind).toBe(vector.headerFields.kind === 1 ? 'direct' : 'group');
    expect([fields.epoch, fields.seq, fields.sender]).toEqual([
      vector.headerFields.epoch,
      vector.headerFields.seq,
      vector.headerFields.sender,
    ]);
    expect([toHex(fields.head), toHex(fields.id), toHex(fields.device)]).toEqual([
      vector.headerFields.head,
      vector.headerFields.id,
      vector.headerFields.device,
    ]);
    expect(toHex(encodeHeader(fields))).toBe(vector.header);
    expect(toHex(H(bytesOf))).toBe(vector.hashOfHeader);
  });

  it('gives the message its golden hash, with the body', () => {
    expect(toHex(messageHash(bytesOf, decodeBase64(vector.envelope.body)))).toBe(vector.mh);
  });

  it('changed in any byte is refused or is another header, never the same', () => {
    const kind = decodeHeader(bytesOf).conversation.kind;
    for (let i = 0; i < bytesOf.length; i++) {
      for (const flip of [0x01, 0x20, 0x80]) {
        const changed = bytesOf.slice();
        changed[i] = (changed[i] ?? 0) ^ flip;
        const decoded = tryDecode(changed);
        if (decoded === undefined) continue;
        expect(decoded.conversation.kind).toBe(kind);
        expect(toHex(encodeHeader(decoded))).toBe(toHex(changed));
      }
    }
  });

  it('cut anywhere, or with a byte more, is refused', () => {
    for (let cut = 0; cut < bytesOf.length; cut++) expect(tryDecode(bytesOf.subarray(0, cut))).toBeUndefined();
    for (const extra of [0, 255]) expect(tryDecode(Uint8Array.from([...bytesOf, extra]))).toBeUndefined();
  });
});

function tryDecode(some: Uint8Array): Header | undefined {
  try {
    return decodeHeader(some);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return undefined;
  }
}

describe('any header', () => {
  it('comes back as it was written, within its bound', () => {
    fc.assert(
      fc.property(header, (fields) => {
        const encoded = encodeHeader(fields);
        expect(encoded.length).toBeLessThanOrEqual(HEADER_MAX_BYTES);
        const decoded = decodeHeader(encoded);
        expect(decoded.conversation.kind).toBe(fields.conversation.kind);
        expect([decoded.epoch, decoded.seq, decoded.sender]).toEqual([fields.epoch, fields.seq, fields.sender]);
        expect(equalBytes(encodeHeader(decoded), encoded)).toBe(true);
      }),
    );
  });

  it('of arbitrary bytes is refused, or is what it encodes to', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (some) => {
        const decoded = tryDecode(Uint8Array.from([1, 1, 2, 0, 0, 0, 32, ...some]));
        if (decoded !== undefined) expect(encodeHeader(decoded).length).toBe(some.length + 7);
      }),
    );
  });

  it.each([
    ['seq 0', { seq: 0 }],
    ['seq 2^53', { seq: 2 ** 53 }],
    ['a sender that is not canonical', { sender: 'Ann@parley.example' }],
    ['a direct epoch', { epoch: 1 }],
    ['a direct membership head', { head: new Uint8Array(32).fill(1) }],
    ['an id of 15 bytes', { id: new Uint8Array(15) }],
    ['a device of 33 bytes', { device: new Uint8Array(33) }],
  ])('with %s is not written', (_, change) => {
    const golden = suite1.sealed[0];
    if (golden === undefined) throw new Error('the vectors are gone');
    expect(() => encodeHeader({ ...decodeHeader(fromHex(golden.header)), ...change })).toThrow(ProtocolError);
  });
});

describe('a body', () => {
  it('splits and joins to the same bytes', () => {
    const body = new Uint8Array(BODY_MIN_BYTES).map((_, i) => i);
    const parts = splitBody(body);
    expect([parts.nonce.length, parts.commit.length, parts.ciphertext.length]).toEqual([24, 32, 272]);
    expect(toHex(joinBody(parts))).toBe(toHex(body));
  });

  it('outside its bounds is refused', () => {
    for (const length of [0, BODY_MIN_BYTES - 1, BODY_MAX_BYTES + 1]) {
      expect(() => splitBody(new Uint8Array(length))).toThrow(ProtocolError);
    }
    expect(splitBody(new Uint8Array(BODY_MAX_BYTES)).ciphertext.length).toBe(81_936);
    const parts = splitBody(new Uint8Array(BODY_MIN_BYTES));
    expect(() => joinBody({ ...parts, nonce: new Uint8Array(23) })).toThrow(ProtocolError);
    expect(() => joinBody({ ...parts, ciphertext: new Uint8Array(271) })).toThrow(ProtocolError);
  });
});
