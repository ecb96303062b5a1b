// What clients are sent is what the frame says, however it is put together.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { KIB } from '#protocol/limits.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { frameParts } from './frame-text.ts';
import { Gateway } from './gateway.fixture.ts';

const PLACE = { name: 'team@localhost', number: 7 };

const deliver = (n: number, chars: number, group?: typeof PLACE): ServerFrameOf<'deliver'> => ({
  type: 'deliver',
  ...{
    n,
    header: 'header',
    body: 'x'.repeat(chars),
    slot: Buffer.alloc(80, n).toString('base64'),
    receivedAt: 1_800_000_000_000,
  },
  ...(group ? { group } : {}),
});
const read = ({ text, common }: ReturnType<typeof frameParts>): unknown =>
  JSON.parse(text + (common ? common.toString() : ''));

test('a frame’s text is its JSON', () => {
  for (const chars of [8, 100 * KIB]) {
    for (const frame of [deliver(1, chars), deliver(2, chars, PLACE)]) expect(read(frameParts(frame))).toEqual(frame);
  }
  expect(read(frameParts({ type: 'synced' }))).toEqual({ type: 'synced' });
});

test('what a thousand are sent of a long message to a group is made once, and not taken for another’s', () => {
  const frames = Array.from({ length: 1_000 }, (_, n) => deliver(n + 1, 100 * KIB, PLACE));
  const parts = frames.map(frameParts);
  expect(new Set(parts.map(({ common }) => common)).size).toBe(1);
  expect(read(parts[500] ?? { text: '' })).toEqual(frames[500]);
  const others = [
    { ...deliver(1, 100 * KIB, PLACE), body: 'y'.repeat(100 * KIB) },
    { ...deliver(1, 100 * KIB, PLACE), receivedAt: 1 },
    deliver(1, 100 * KIB, { ...PLACE, number: 8 }),
    deliver(1, 100 * KIB, { ...PLACE, name: 'other@localhost' }),
  ];
  for (const other of others) expect(read(frameParts(other))).toEqual(other);
});

test('it is remembered for a few messages at a time', () => {
  const common = (number: number) => frameParts(deliver(1, 100 * KIB, { ...PLACE, number })).common;
  const first = common(100);
  for (let number = 101; number < 116; number += 1) common(number);
  expect(common(100)).toBe(first);
  for (let number = 116; number < 132; number += 1) common(number);
  expect(common(100)).not.toBe(first);
});

let gateway: Gateway;
beforeEach(async () => {
  gateway = await Gateway.start();
});
afterEach(() => gateway.stop());

test('a client gets it as one message between others', async () => {
  const wire = await gateway.session(new WirePerson('al@localhost'), true);
  const frames = [deliver(1, 8), deliver(2, 100 * KIB, PLACE), deliver(3, 100 * KIB, PLACE), deliver(4, 8, PLACE)];
  for (const frame of frames) gateway.bus.send('', { type: 'push', session: 1, frame });
  await wire.ok({ type: 'ping' });
  expect(wire.frames).toEqual(frames);
});
