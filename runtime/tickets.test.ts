import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { TICKET_MAX_AGE_MS } from '#protocol/limits.ts';
import { TICKET_MAX_CHARS } from '#protocol/sealed-file.ts';
import { TICKET_KEY_BYTES, type Ticket, Tickets } from './tickets.ts';

const bytes32 = (value: number): string => encodeBase64(new Uint8Array(32).fill(value));
const TICKET: Ticket = {
  ...{ right: 'put', blob: bytes32(1), address: 'ann@parley.example', device: bytes32(2) },
  ...{ size: 70_000, retention: 60_000 },
};
const refused = expect.objectContaining({ code: 'bad_ticket' });
let now = 1_000_000;
const clock = () => now;
const tickets = new Tickets(new Uint8Array(TICKET_KEY_BYTES).fill(7), clock);

describe('a ticket', () => {
  test('says what it was written for, to each instance with the key', () => {
    const other = new Tickets(new Uint8Array(TICKET_KEY_BYTES).fill(7), clock);
    for (const right of ['put', 'get'] as const) {
      expect(other.read(tickets.write({ ...TICKET, right }))).toEqual({ ...TICKET, right });
    }
  });

  test('fits its header for the longest address', () => {
    const address = `${'a'.repeat(32)}@${'b'.repeat(253)}`;
    expect(tickets.write({ ...TICKET, address }).length).toBeLessThan(TICKET_MAX_CHARS);
  });

  test('serves until its time, and no longer', () => {
    const text = tickets.write(TICKET);
    now += TICKET_MAX_AGE_MS;
    expect(tickets.read(text)).toEqual(TICKET);
    now += 1;
    expect(() => tickets.read(text)).toThrow(refused);
  });

  test('is none with another key, changed anywhere, cut, or made up', () => {
    const text = tickets.write(TICKET);
    expect(() => new Tickets(new Uint8Array(TICKET_KEY_BYTES), clock).read(text)).toThrow(refused);
    const whole = Buffer.from(text, 'base64url');
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] as number) ^ by;
        expect(() => tickets.read(changed.toString('base64url'))).toThrow(refused);
        expect(() => tickets.read(whole.subarray(0, at).toString('base64url'))).toThrow(refused);
      }),
    );
    fc.assert(fc.property(fc.string(), (any) => void expect(() => tickets.read(any)).toThrow(refused)));
  });
});
