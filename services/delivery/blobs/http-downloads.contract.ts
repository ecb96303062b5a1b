// What a ticket gives over HTTP, and how a blob is downloaded.
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, TICKET_MAX_AGE_MS } from '#protocol/limits.ts';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import { TICKET_KEY_BYTES, Tickets } from '#runtime/tickets.ts';
import { type BlobServer, type BlobsHere, base64 } from './http.fixture.ts';

export function downloadContract(here: BlobsHere): void {
  describe('a ticket', () => {
    let server: BlobServer;
    beforeEach(() => {
      server = here.server;
    });
    test('is for what it says: none to download uploads, none to upload downloads', async () => {
      const { ticket } = await server.uploaded(4_112);
      const asGet = server.tickets.write({ ...ticket, right: 'get' });
      const fresh = server.tickets.write({ ...server.put(), right: 'get' });
      const put = { headers: { 'upload-offset': 0 }, body: randomBytes(4_112) };
      for (const answer of [
        await server.ask('PATCH', { ticket: fresh, ...put }),
        await server.ask('HEAD', { ticket: asGet }),
        await server.ask('GET', { ticket: server.tickets.write(ticket) }),
      ]) {
        expect([answer.status, answer.headers.connection]).toEqual([401, 'close']);
      }
    });

    test('that is none, changed, too old or of another deployment is refused with 401, and the connection ends', async () => {
      const { ticket } = await server.uploaded(4_112);
      const good = server.tickets.write({ ...ticket, right: 'get' });
      const other = new Tickets(new Uint8Array(TICKET_KEY_BYTES), () => server.now);
      const bad = [
        undefined,
        '',
        'x',
        'y'.repeat(2_000),
        `${good}A`,
        `${good.slice(0, 20)}${good[20] === 'A' ? 'B' : 'A'}${good.slice(21)}`,
        other.write({ ...ticket, right: 'get' }),
      ];
      for (const text of bad) {
        const answer = await server.ask('GET', text === undefined ? {} : { ticket: text });
        expect([answer.status, answer.json?.code, answer.headers.connection]).toEqual([401, 'bad_ticket', 'close']);
      }
      const bearer = await server.ask('GET', { headers: { authorization: `Bearer ${good}` } });
      expect(bearer.status).toBe(401);
      expect((await server.ask('GET', { ticket: good })).status).toBe(200);
      server.now += TICKET_MAX_AGE_MS + 1;
      const late = await server.ask('GET', { ticket: good });
      expect([late.status, late.json?.message]).toEqual([401, 'The ticket has expired. Ask for another.']);
    });

    test('to download serves whoever has the name, and nobody else', async () => {
      const { ticket, bytes } = await server.uploaded(4_112);
      const bo = { ...ticket, address: 'bo@localhost', device: base64(32) };
      expect((await server.get(bo)).body.equals(bytes)).toBe(true);
      expect((await server.get({ ...bo, blob: base64(32) })).json?.code).toBe('no_such_file');
    });

    test('that is refused with a long body behind it is answered all the same', async () => {
      const answer = await server.ask('PATCH', { headers: { 'upload-offset': 0 }, body: randomBytes(PART_BYTES) });
      expect([answer.status, answer.json?.code]).toEqual([401, 'bad_ticket']);
      expect(await server.measured('parley_blob_received_bytes_total')).toBe(0);
    });
  });

  describe('a download', () => {
    let server: BlobServer;
    beforeEach(() => {
      server = here.server;
    });
    test('of a range has these bytes and says which they are', async () => {
      const size = PART_BYTES + 4_112;
      const { ticket, bytes } = await server.uploaded(size);
      for (const [range, from, to] of [
        ['bytes=0-', 0, size],
        ['bytes=0-0', 0, 1],
        [`bytes=${PART_BYTES - 5}-${PART_BYTES + 4}`, PART_BYTES - 5, PART_BYTES + 5],
        [`bytes=${size - 1}-`, size - 1, size],
        [`bytes=100-${size * 2}`, 100, size],
      ] as const) {
        const got = await server.get(ticket, range);
        expect([got.status, got.headers['content-range']]).toEqual([206, `bytes ${from}-${to - 1}/${size}`]);
        expect(got.body.equals(bytes.subarray(from, to))).toBe(true);
      }
    });

    test('of a range behind the end is refused with 416, of anything else that is no range with 400', async () => {
      const { ticket } = await server.uploaded(4_112);
      for (const range of ['bytes=4112-', 'bytes=5000-6000']) {
        const got = await server.get(ticket, range);
        expect([got.status, got.headers['content-range'], got.json?.code]).toEqual([
          ...[416, 'bytes */4112', 'bad_request'],
        ]);
      }
      for (const range of ['bytes=-5', 'bytes=5-4', 'bytes=0-1,3-4', 'bytes=a-', 'bytes', 'lines=0-1', 'bytes=0x1-']) {
        const got = await server.get(ticket, range);
        expect([range, got.status, got.json?.code]).toEqual([range, 400, 'bad_request']);
      }
    });

    test('that nobody reads is cut', async () => {
      // More than the kernel takes for both ends of a socket; by a server that waits for it as long as it takes.
      const { ticket } = await server.uploaded(6 * PART_BYTES);
      server = await here.another({ stallMaxMs: 50 });
      const socket = await server.socket(server.head('GET', { ...ticket, right: 'get' }));
      socket.pause();
      await expect.poll(() => server.measured('parley_blob_requests_total{method="get",outcome="cut"}')).toBe(1);
      expect(server.transfers.open).toBe(0);
      socket.destroy();
    });

    test('of a blob whose retention has ended finds none, if the clock is believed', async () => {
      const { ticket } = await server.uploaded(4_112, { retention: DAY_MS });
      server.now += DAY_MS + HOUR_MS - 1;
      expect((await server.get(ticket)).status).toBe(200);
      server.now += 2;
      expect((await server.get(ticket)).json?.code).toBe('no_such_file');
      server.expiry.believed = false;
      expect((await server.get(ticket)).status).toBe(200);
    });
  });
}
