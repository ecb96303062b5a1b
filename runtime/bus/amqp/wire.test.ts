// Frames as they cross the broker, in the versions that are written.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Addressed } from '#protocol/commands.ts';
import { FrameText } from '../frame-text.ts';
import { FRAME_VERSIONS, SHARING_VERSION } from './versions.ts';
import { decodeCommands, decodeInbox, encodeFor, encodeItem, type InboxItem } from './wire.ts';

const BODY = 'x'.repeat(10_000);
const base64 = (bytes: number) => fc.uint8Array({ maxLength: bytes }).map((x) => Buffer.from(x).toString('base64'));
const group = fc.constantFrom({ name: 'team@localhost', number: 1 }, { name: 'team@localhost', number: 2 }, undefined);

const push: fc.Arbitrary<InboxItem> = fc
  .record({ session: fc.nat(), n: fc.nat(), slot: base64(80), group, body: fc.constantFrom('body', 'other') })
  .map(({ session, group: place, ...rest }) => {
    const common = {
      header: `header ${place?.number}`,
      receivedAt: 1_800_000_000_000,
      ...(place ? { group: place } : {}),
    };
    return { message: { type: 'push', session, frame: { type: 'deliver', ...rest, ...common } } };
  });
const others: fc.Arbitrary<InboxItem> = fc.constantFrom<InboxItem>(
  { message: { type: 'push', session: 1, frame: { type: 'synced' } } },
  { message: { type: 'close', session: 2, why: 'replaced' } },
  { told: { kind: 'mailbox', key: 'al@localhost', command: { type: 'sweep' } } },
);

const textOf = (encoded: readonly Parameters<FrameText['add']>[0][]): string => {
  const text = new FrameText();
  for (const one of encoded) text.add(one, Number.POSITIVE_INFINITY);
  return text.toString();
};

const delivery = (key: string): Addressed => ({
  kind: 'mailbox',
  key,
  command: {
    type: 'deliver',
    item: {
      ...{
        type: 'message',
        id: 'id',
        from: 'al@localhost',
        device: 'd',
        conversation: 'team',
        seq: 1,
        header: 'header',
      },
      ...{ body: BODY, slots: { [key]: 'slot' }, receivedAt: 1, expiresAt: 2 },
      group: { name: 'team@localhost', number: 1, persons: 2 },
    },
  },
});

describe.each(FRAME_VERSIONS)('frames of version %i', (version) => {
  test('for an inbox give back what was put into them', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: push }, others), { maxLength: 20 }), (items) => {
        const text = textOf(items.map((item) => encodeItem(version, item)));
        expect(decodeInbox(Buffer.from(text))).toEqual(items);
      }),
    );
  });

  test(`have what several share ${version < SHARING_VERSION ? 'each time, as a plain list' : 'once'}`, () => {
    const commands = ['bo@localhost', 'cy@localhost'].map(delivery);
    const pushes = [1, 2].map((session): InboxItem => {
      const place = { name: 'team@localhost', number: 1 };
      const frame = {
        type: 'deliver',
        n: 1,
        header: 'header',
        body: BODY,
        slot: `slot ${session}`,
        receivedAt: 1,
        group: place,
      } as const;
      return { message: { type: 'push', session, frame } };
    });
    for (const text of [
      textOf(commands.map((command) => encodeFor(version, command))),
      textOf(pushes.map((item) => encodeItem(version, item))),
    ]) {
      expect(text.split(BODY)).toHaveLength(version < SHARING_VERSION ? 3 : 2);
    }
    const text = textOf(commands.map((command) => encodeFor(version, command)));
    if (version < SHARING_VERSION) expect(JSON.parse(text)).toEqual(commands);
    expect(decodeCommands(Buffer.from(text), 'mailbox')).toEqual(commands);
    expect(() => decodeCommands(Buffer.from(text), 'account')).toThrow();
  });
});
