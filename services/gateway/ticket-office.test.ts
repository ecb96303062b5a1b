import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { RETENTION_DEFAULT_MS } from '#protocol/limits.ts';
import { TICKET_KEY_BYTES, Tickets } from '#runtime/tickets.ts';
import { TicketOffice } from './ticket-office.ts';

const bytes32 = (value: number): string => encodeBase64(new Uint8Array(32).fill(value));
const tickets = new Tickets(new Uint8Array(TICKET_KEY_BYTES), () => 1_000);
const ann = { address: 'ann@parley.example', device: bytes32(2) };
const blob = bytes32(1);

describe('a ticket that a session asks for', () => {
  test('to upload says whose it is, how long the blob is and how long it is kept', () => {
    const { ticket } = new TicketOffice(tickets).answer({ type: 'blob.put', id: 1, blob, size: 70_000 }, ann);
    expect(tickets.read(ticket)).toEqual({
      ...{ ...ann, blob, right: 'put', size: 70_000, retention: RETENTION_DEFAULT_MS },
    });
  });

  test('to download is for anybody who has the name, and says where', () => {
    const answer = new TicketOffice(tickets, [7072]).answer({ type: 'blob.get', id: 1, blob }, ann);
    expect(tickets.read(answer.ticket)).toMatchObject({ ...ann, blob, right: 'get' });
    expect(answer.port).toBe(7072);
  });

  test('names one port after the other where there are several: one of them may be down', () => {
    const office = new TicketOffice(tickets, [7072, 7073]);
    const asked = Array.from({ length: 3 }, () => office.answer({ type: 'blob.get', id: 1, blob }, ann).port);
    expect(asked).toEqual([7072, 7073, 7072]);
  });
});
