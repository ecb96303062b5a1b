import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { fromHex, toHex } from '#protocol/bytes.ts';
import { encodeIds, splitBody } from '#protocol/envelope.ts';
import { CryptoError, ProtocolError } from '#protocol/errors.ts';
import { H } from '#protocol/hash.ts';
import { suite1 } from '#protocol/test/vectors.ts';
import { boxKeyOf } from './nacl.ts';
import { encodePrivate } from './private.ts';
import { isReceivedTag, receivedTag } from './received.ts';
import { seal, sealLateSlots } from './seal.ts';
import { secrets } from './secrets.nacl.ts';
import { BoxKeys, slotTranscript } from './slot.ts';
import { device, headerOf, idsOf, privateOf, recipient, sealed, sealInputOf } from './test/world.ts';

describe.each(suite1.sealed)('$name', (vector) => {
  const input = sealInputOf(vector);
  const message = seal(input);

  it('has the golden private part', () => {
    const bytes = encodePrivate(privateOf(vector), headerOf(vector));
    expect(toHex(H(bytes))).toBe(vector.hashOfPrivate);
    if (vector.private !== null) expect(toHex(bytes)).toBe(vector.private);
  });

  it('seals to exactly the golden bytes', () => {
    expect(toHex(message.header)).toBe(vector.header);
    const { nonce, commit, ciphertext } = splitBody(message.body);
    expect([toHex(nonce), toHex(commit)]).toEqual([vector.n, vector.com]);
    expect(toHex(H(ciphertext))).toBe(vector.hashOfC);
    expect(ciphertext.length).toBe(vector.padded + 16);
    expect(toHex(message.messageHash)).toBe(vector.mh);
    expect({
      header: encodeBase64(message.header),
      body: encodeBase64(message.body),
      slots: message.slots.map(({ to, device: id, slot }) => ({
        to,
        device: encodeBase64(id),
        slot: encodeBase64(slot),
      })),
    }).toEqual(vector.envelope);
  });

  it.each(vector.slots)('the slot of $reader rests on the golden values', (slot) => {
    const [sender, reader] = [device(vector.sender), device(slot.reader)];
    const transcript = slotTranscript(fromHex(vector.mh), encodeIds(idsOf(sender)), idsOf(reader));
    expect(toHex(transcript)).toBe(slot.t);
    const shared = secrets.x25519(fromHex(sender.xSecret), fromHex(reader.xPublic));
    expect(toHex(shared)).toBe(slot.x25519);
    expect(toHex(boxKeyOf(shared))).toBe(slot.boxKey);
    expect(toHex(new BoxKeys(fromHex(reader.xSecret)).with(fromHex(sender.xPublic)))).toBe(slot.boxKey);
  });

  it.each(vector.slots)('the received tags of $reader are the golden ones, and one is not the other', (slot) => {
    const ids = idsOf(device(slot.reader));
    const [key, hash] = [fromHex(vector.K), fromHex(vector.mh)];
    for (const state of ['delivered', 'read'] as const) {
      expect(toHex(receivedTag(key, hash, ids, state))).toBe(slot[state]);
      expect(isReceivedTag(fromHex(slot[state]), key, hash, ids, state)).toBe(true);
    }
    expect(isReceivedTag(fromHex(slot.delivered), key, hash, ids, 'read')).toBe(false);
    expect(isReceivedTag(fromHex(slot.delivered), key, hash, idsOf(device(vector.sender)), 'delivered')).toBe(false);
  });

  it('gives a late device the slot that it would have had', () => {
    const [first, ...rest] = input.recipients;
    if (first === undefined) throw new Error('the vector has no slot');
    const kept = seal({ ...input, recipients: rest });
    expect(sealLateSlots(kept, input.header, input.sender, [first])).toEqual(message.slots.slice(0, 1));
  });
});

describe('sealing refuses', () => {
  const direct = sealInputOf(sealed('direct-later'));
  const group = sealInputOf(sealed('group-first'));
  const [head, ...heads] = direct.private.heads;
  const own = head === undefined ? [] : [{ ...head, device: direct.header.device }];

  it.each([
    ['a key of another size', { ...direct, messageKey: new Uint8Array(31) }],
    ['a nonce of another size', { ...direct, nonce: new Uint8Array(25) }],
    ['a direct message without the recipient’s position', without(direct)],
    [
      'a group message with one',
      { ...group, private: { ...group.private, recipientPosition: { index: 0, head: new Uint8Array(32) } } },
    ],
    [
      'heads that are not sorted',
      { ...direct, private: { ...direct.private, heads: [...heads, ...(head ? [head] : [])] } },
    ],
    ['a head twice', { ...direct, private: { ...direct.private, heads: head ? [head, head] : [] } }],
    ['its own head', { ...direct, private: { ...direct.private, heads: own } }],
    [
      'a direct head with an order',
      { ...direct, private: { ...direct.private, heads: head ? [{ ...head, order: 1 }] : [] } },
    ],
    ['content beyond its bound', { ...direct, private: { ...direct.private, content: new Uint8Array(69_629) } }],
    ['a time beyond 2^53', { ...direct, private: { ...direct.private, sentAt: 2 ** 53 } }],
  ])('%s', (_, input) => {
    expect(() => seal(input)).toThrow(ProtocolError);
  });

  it('a recipient whose key is of small order', () => {
    const bad = { ...recipient(device('bob/phone')), x25519: new Uint8Array(32) };
    expect(() => seal({ ...direct, recipients: [bad] })).toThrow(CryptoError);
  });

  it('nothing at the bound of content', () => {
    const content = new Uint8Array(69_628);
    expect(seal({ ...group, private: { ...group.private, content } }).body.length).toBe(56 + 16 + 73_728);
  });
});

function without(input: ReturnType<typeof sealInputOf>): ReturnType<typeof sealInputOf> {
  return { ...input, private: { ...input.private, recipientPosition: undefined } };
}

describe('box keys', () => {
  it('are kept for those used last, and are the same when made again', () => {
    const reader = device('ann/phone');
    const few = new BoxKeys(fromHex(reader.xSecret), 2);
    const publics = suite1.world.devices.slice(1, 5).map((other) => fromHex(other.xPublic));
    const first = publics.map((key) => few.with(key));
    expect(few.with(publics[3] ?? new Uint8Array())).toBe(first[3]);
    const again = few.with(publics[0] ?? new Uint8Array());
    expect(again).not.toBe(first[0]);
    expect(again).toEqual(first[0]);
  });
});
