import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressFault,
  compareAddresses,
  conversationKey,
  decodeConversation,
  directConversation,
  encodeConversation,
  isAddress,
  nameFault,
  otherParticipant,
  parseAddress,
  resolveAddress,
} from './address.ts';
import { compareBytes, concat, encodeText, fromHex, toHex } from './bytes.ts';
import { ProtocolError, RequestError } from './errors.ts';
import { suite1 } from './test/vectors.ts';

const LONGEST = `${'a'.repeat(32)}@${'b'.repeat(253)}`;
const GOOD = ['al@localhost', 'ann@parley.example', 'a1@x', '0-_.9@1.2', 'a..b@x--y.z', LONGEST];
const BAD = [
  '',
  'al',
  '@localhost',
  'al@',
  'a@localhost',
  'al@@x',
  'al@b@x',
  'Al@localhost',
  'al@Localhost',
  '.al@x',
  'al-@x',
  '_a@x',
  'al@-x',
  'al@x.',
  'al@x_y',
  'al @x',
  'al@x\n',
  'al\n@x',
  'ål@x',
  'al@ü.example',
  `${'a'.repeat(33)}@x`,
  `al@${'b'.repeat(254)}`,
];

describe('an address', () => {
  it.each(GOOD)('%s is canonical', (text) => {
    expect(addressFault(text)).toBeUndefined();
    expect(isAddress(text)).toBe(true);
    const { name, domain } = parseAddress(text);
    expect(`${name}@${domain}`).toBe(text);
  });

  it.each(BAD)('%j is refused with a sentence', (text) => {
    expect(addressFault(text)).toMatch(/\.$/);
    expect(isAddress(text)).toBe(false);
    expect(() => parseAddress(text)).toThrow(ProtocolError);
  });

  it('has one judgement: the fast one and the one with reasons agree', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aZ0._-@ \né'), maxLength: 12 });
    fc.assert(
      fc.property(text, (some) => {
        expect(isAddress(some)).toBe(addressFault(some) === undefined);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is what a person means: folded, and in the own domain', () => {
    expect(resolveAddress('Ann', 'parley.example')).toBe('ann@parley.example');
    expect(resolveAddress('Bob@Club.Example', 'parley.example')).toBe('bob@club.example');
    expect(() => resolveAddress('x', 'parley.example')).toThrow(RequestError);
    expect(() => resolveAddress('', 'parley.example')).toThrow(RequestError);
  });

  it('names of groups keep the same rule', () => {
    expect(nameFault('team')).toBeUndefined();
    expect(nameFault('#team')).toMatch(/consists of/);
    expect(nameFault('x'.repeat(33))).toMatch(/at most 32/);
  });

  it('orders as its bytes do', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,3}[a-z0-9]@[a-z]$/);
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(compareAddresses(a, b)).toBe(Math.sign(compareBytes(encodeText(a), encodeText(b))));
      }),
    );
  });
});

describe('a conversation', () => {
  it.each(suite1.primitives.direct)('of $addresses has the golden bytes', ({ addresses: [a, b], out }) => {
    const conversation = directConversation(a, b);
    expect(toHex(encodeConversation(conversation))).toBe(out);
    // Some of these pin the order by names of one letter, which the rule of names refuses where bytes come in.
    if (isAddress(a) && isAddress(b)) expect(decodeConversation('direct', fromHex(out))).toEqual(conversation);
    else expect(() => decodeConversation('direct', fromHex(out))).toThrow(ProtocolError);
  });

  it('with oneself has the address twice', () => {
    const conversation = directConversation('al@x', 'al@x');
    expect(otherParticipant(conversation, 'al@x')).toBe('al@x');
    expect(decodeConversation('direct', encodeConversation(conversation))).toEqual(conversation);
  });

  it('knows who else is in it', () => {
    const conversation = directConversation('bo@x', 'al@x');
    expect([otherParticipant(conversation, 'al@x'), otherParticipant(conversation, 'bo@x')]).toEqual(['bo@x', 'al@x']);
    expect(otherParticipant(conversation, 'cy@x')).toBeUndefined();
  });

  it('in the wrong order, cut, or longer is refused', () => {
    const low = fromHex('00000004616c4078');
    const high = fromHex('00000004626f4078');
    expect(() => decodeConversation('direct', concat(high, low))).toThrow(ProtocolError);
    expect(() => decodeConversation('direct', low)).toThrow(ProtocolError);
    expect(() => decodeConversation('direct', concat(low, high, Uint8Array.of(0)))).toThrow(ProtocolError);
    expect(() => decodeConversation('group', new Uint8Array(31))).toThrow(ProtocolError);
    expect(() => decodeConversation('group', new Uint8Array(33))).toThrow(ProtocolError);
    expect(() => encodeConversation({ kind: 'direct', lower: 'bo@x', higher: 'al@x' })).toThrow(ProtocolError);
    expect(() => encodeConversation({ kind: 'group', group: new Uint8Array(31) })).toThrow(ProtocolError);
  });

  it('has a key of its own', () => {
    expect(conversationKey(directConversation('bo@x', 'al@x'))).toBe('al@x bo@x');
    expect(conversationKey({ kind: 'group', group: new Uint8Array(32).fill(171) })).toBe('ab'.repeat(32));
  });
});
