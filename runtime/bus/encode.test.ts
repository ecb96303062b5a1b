import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Addressed } from '#protocol/commands.ts';
import { encodeCommand } from './encode.ts';

const base64 = (bytes: number) => fc.uint8Array({ maxLength: bytes }).map((x) => Buffer.from(x).toString('base64'));
const address = fc.stringMatching(/^[a-z0-9._-]{2,32}@[a-z0-9.-]{1,20}$/);
const deliver: fc.Arbitrary<Addressed> = fc
  .record({
    key: address,
    item: fc.record({
      type: fc.constant('message' as const),
      id: base64(16),
      from: address,
      device: base64(32),
      conversation: base64(80),
      seq: fc.nat(),
      header: base64(200),
      body: base64(400),
      slots: fc.dictionary(base64(32), base64(80)),
      receivedAt: fc.nat(),
      expiresAt: fc.nat(),
    }),
    reply: fc.record({ inbox: fc.string(), re: fc.nat() }),
  })
  .map(({ key, item, reply }) => ({ kind: 'mailbox', key, command: { type: 'deliver', item, reply } }));

describe('a stored command', () => {
  test('is the JSON of the command', () => {
    fc.assert(
      fc.property(deliver, (command) => {
        expect(JSON.parse(encodeCommand(command))).toEqual(JSON.parse(JSON.stringify(command)));
      }),
    );
    const other: Addressed = { kind: 'mailbox', key: 'al@localhost', command: { type: 'sweep' } };
    expect(encodeCommand(other)).toBe(JSON.stringify(other));
  });
});
