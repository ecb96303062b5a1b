import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../base64.ts';
import { DELIVERY_WINDOW_ITEMS, GROUP_SLOTS_MAX } from '../limits.ts';
import { clientFrame } from './client.ts';

const bytes = (length: number): string => encodeBase64(new Uint8Array(length).fill(7));
const slot = { to: 'bo@parley.example', device: bytes(32), slot: bytes(80) };
const takes = (frame: object): boolean => clientFrame.safeParse(frame).success;
const sends = (slots: unknown): boolean => takes({ type: 'send', id: 1, header: bytes(200), body: bytes(400), slots });
const acks = (tags: unknown): boolean => takes({ type: 'ack', upTo: 3, tags });

describe('the slots of a send', () => {
  it.each([
    ['none', []],
    ['one', [slot]],
    ['as many as a group may need', Array.from({ length: GROUP_SLOTS_MAX }, () => slot)],
  ])('may be %s', (_, slots) => {
    expect(sends(slots)).toBe(true);
  });

  it.each([
    ['more than that', Array.from({ length: GROUP_SLOTS_MAX + 1 }, () => slot)],
    ['no list', { 0: slot, length: 1 }],
    ['no object', [slot, 'slot']],
    ['null', [null]],
    ['a list', [[slot.to, slot.device, slot.slot]]],
    ['without a recipient', [{ device: slot.device, slot: slot.slot }]],
    ['with a field more', [{ ...slot, more: 1 }]],
    ['with another field in place of one', [{ to: slot.to, device: slot.device, other: slot.slot }]],
    ['for no address', [{ ...slot, to: 'Bo' }]],
    ['for a number', [{ ...slot, to: 1 }]],
    ['with a device of another size', [{ ...slot, device: bytes(31) }]],
    ['with a slot of another size', [{ ...slot, slot: bytes(81) }]],
    ['with Base64 that is not canonical', [{ ...slot, device: `${'A'.repeat(42)}B=` }]],
    ['with other characters', [{ ...slot, slot: `${slot.slot.slice(0, -2)}!=` }]],
  ])('are not %s', (_, slots) => {
    expect(sends(slots)).toBe(false);
  });
});

describe('the tags of an ack', () => {
  it.each([
    ['none', []],
    ['as many as two windows', Array.from({ length: DELIVERY_WINDOW_ITEMS * 2 }, (_, n) => [n + 1, bytes(16)])],
  ])('may be %s', (_, tags) => {
    expect(acks(tags)).toBe(true);
  });

  it.each([
    ['more than that', Array.from({ length: DELIVERY_WINDOW_ITEMS * 2 + 1 }, (_, n) => [n + 1, bytes(16)])],
    ['no list', {}],
    ['no pair', [[1, bytes(16), 2]]],
    ['a number alone', [1]],
    ['for item 0', [[0, bytes(16)]]],
    ['for half an item', [[1.5, bytes(16)]]],
    ['for a text', [['1', bytes(16)]]],
    ['of another size', [[1, bytes(15)]]],
    ['null', [[1, null]]],
  ])('are not %s', (_, tags) => {
    expect(acks(tags)).toBe(false);
  });
});
