import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Addressed, MessageItem } from '#protocol/commands.ts';
import { KIB } from '#protocol/limits.ts';
import { decodeCommands, encodeCommand } from './encode.ts';
import { FrameText } from './frame-text.ts';

const base64 = (bytes: number) => fc.uint8Array({ maxLength: bytes }).map((x) => Buffer.from(x).toString('base64'));
const address = fc.stringMatching(/^[a-z0-9._-]{2,32}@[a-z0-9.-]{1,20}$/);
const item = fc.record({
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
});
const deliver: fc.Arbitrary<Addressed> = fc
  .record({ key: address, item, reply: fc.record({ inbox: fc.string(), re: fc.nat() }) })
  .map(({ key, item, reply }) => ({ kind: 'mailbox', key, command: { type: 'deliver', item, reply } }));
const place = fc.record({ name: address, number: fc.nat(), persons: fc.nat() });
const other: fc.Arbitrary<Addressed> = address.map((key) => ({ kind: 'mailbox', key, command: { type: 'sweep' } }));

/** Deliveries of a few messages, some of which are alike in all but their body, mixed with other commands. */
const mixed: fc.Arbitrary<Addressed[]> = fc
  .array(fc.record({ item, group: place, bodies: fc.uniqueArray(base64(50), { minLength: 1, maxLength: 2 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((messages) => {
    const one = fc
      .record({
        message: fc.constantFrom(...messages),
        second: fc.boolean(),
        key: address,
        slots: item.map((i) => i.slots),
      })
      .map(({ message, second, key, slots }): Addressed => {
        const body = message.bodies.at(second ? -1 : 0) ?? '';
        const { group } = message;
        return { kind: 'mailbox', key, command: { type: 'deliver', item: { ...message.item, body, slots, group } } };
      });
    return fc.array(fc.oneof({ weight: 4, arbitrary: one }, deliver, other), { maxLength: 20 });
  });

function frameOf(commands: readonly Addressed[]): string {
  const text = new FrameText();
  for (const command of commands) expect(text.add(encodeCommand(command), Number.POSITIVE_INFINITY)).toBe(true);
  return text.toString();
}

const itemOf = (to: Addressed | undefined): MessageItem =>
  to?.kind === 'mailbox' && to.command.type === 'deliver' ? to.command.item : expect.fail('no delivery');

describe('a stored command', () => {
  test('is the JSON of the command', () => {
    fc.assert(
      fc.property(deliver, (command) => {
        expect(JSON.parse(encodeCommand(command).text)).toEqual(JSON.parse(JSON.stringify(command)));
      }),
    );
    const sweep: Addressed = { kind: 'mailbox', key: 'al@localhost', command: { type: 'sweep' } };
    expect(encodeCommand(sweep)).toEqual({ text: JSON.stringify(sweep) });
  });
});

describe('a frame', () => {
  test('gives back the commands that were put into it, in order, whatever they share', () => {
    fc.assert(
      fc.property(mixed, (commands) => {
        expect(decodeCommands(frameOf(commands))).toEqual(JSON.parse(JSON.stringify(commands)));
      }),
    );
  });

  test('takes no message for another, whatever it is that they do not have in common', () => {
    const group = { name: 'team@localhost', number: 1, persons: 2 };
    const message: MessageItem = {
      ...{ type: 'message', id: 'id', from: 'al@localhost', device: 'd', conversation: 'c', seq: 1, header: 'header' },
      ...{ body: 'body', slots: { a: 'slot' }, receivedAt: 1, expiresAt: 2, group },
    };
    const changed = (value: unknown): unknown => (typeof value === 'number' ? value + 1 : `${value}x`);
    const others = Object.entries(message).flatMap(([key, value]) => {
      if (key === 'type' || key === 'slots') return [];
      if (key !== 'group') return [{ ...message, [key]: changed(value) }];
      return Object.entries(group).map(([part, its]) => ({ ...message, group: { ...group, [part]: changed(its) } }));
    });
    for (const other of others) {
      const commands = [message, other, message].map((item): Addressed => {
        return { kind: 'mailbox', key: 'bo@localhost', command: { type: 'deliver', item } };
      });
      expect(decodeCommands(frameOf(commands))).toEqual(commands);
    }
    expect(others).toHaveLength(12);
  });

  test('has the longest message once, however many it goes to', () => {
    const body = 'x'.repeat(Math.ceil((80 * KIB) / 3) * 4);
    const message: Omit<MessageItem, 'slots'> = {
      type: 'message',
      ...{
        id: 'i'.repeat(24),
        from: 'al@localhost',
        device: 'd'.repeat(44),
        conversation: 'c'.repeat(44),
      },
      ...{ seq: 1, header: 'h'.repeat(400), body, receivedAt: 1_800_000_000_000, expiresAt: 1_900_000_000_000 },
      group: { name: 'team@localhost', number: 7, persons: 1_000 },
    };
    const commands = Array.from({ length: 1_000 }, (_, n): Addressed => {
      const slots = { [`${n}`.padEnd(44, 'd')]: 's'.repeat(108) };
      return { kind: 'mailbox', key: `p${n}@localhost`, command: { type: 'deliver', item: { ...message, slots } } };
    });
    const slotChars = commands.reduce((sum, command) => sum + JSON.stringify(itemOf(command).slots).length, 0);
    const text = frameOf(commands);
    expect(text.length).toBeLessThan(2 * body.length + slotChars);
    expect(text.split(body)).toHaveLength(2);
    expect(decodeCommands(text)).toEqual(commands);
  });

  test('is full by what it has, not by what its commands stand for', () => {
    const body = 'x'.repeat(1_000);
    const deliveries = ['p1@x', 'p2@x', 'p3@x'].map((key): Addressed => {
      const message = {
        ...fc.sample(item, { seed: 1, numRuns: 1 })[0],
        body,
        group: { name: 't@x', number: 1, persons: 2 },
      };
      return { kind: 'mailbox', key, command: { type: 'deliver', item: message as MessageItem } }; // the sample is there
    });
    const text = new FrameText();
    const fitted = deliveries.map((command) => text.add(encodeCommand(command), 2_900));
    expect(fitted).toEqual([true, true, true]);
    expect(text.add({ text: 'y'.repeat(2_900) }, 2_900)).toBe(false);
    expect(new FrameText().add({ text: 'y'.repeat(2_900) }, 10)).toBe(true);
  });

  test.each([
    ['no list', '{}'],
    ['something that is no command', '[1]'],
    ['nothing', '[null]'],
    ['what refers to nothing', '[[1,{"kind":"mailbox","key":"al@x","command":{"type":"deliver","item":{}}}]]'],
    ['what refers to a command', '[{"kind":"mailbox","key":"al@x","command":{"type":"sweep"}},[0,{}]]'],
    ['what shares and is no delivery', '[[{"body":""},{"kind":"mailbox","key":"al@x","command":{"type":"sweep"}}]]'],
    ['nothing that shares', '[[{"body":""},null]]'],
  ])('with %s is refused', (_, text) => {
    expect(() => decodeCommands(text)).toThrow();
  });
});

test('entries of a group are in a frame once, however many members they go to', () => {
  const entries = [{ entry: 'QUJD', signature: 'REVG' }];
  const place = { name: 'team@localhost', group: 'R0hJ', number: 3, from: 'al@localhost', receivedAt: 1, expiresAt: 2 };
  const item = { type: 'entries' as const, ...place, entries };
  const later = { ...item, number: 4 };
  const commands = [item, item, later, item].map(
    (one, n): Addressed => ({ kind: 'mailbox', key: `user${n}@localhost`, command: { type: 'entries', item: one } }),
  );
  const text = frameOf(commands);
  expect(decodeCommands(text)).toEqual(commands);
  expect(text.split('QUJD')).toHaveLength(3); // of both
});
