// What an upload is answered over HTTP.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import { type BlobServer, type BlobsHere, base64 } from './http.fixture.ts';

export function uploadContract(here: BlobsHere): void {
  describe('an upload', () => {
    let server: BlobServer;
    beforeEach(() => {
      server = here.server;
    });
    test('comes part by part, says where it stands, and is downloaded as it was', async () => {
      const size = 2 * PART_BYTES + 4_112;
      const bytes = randomBytes(size);
      const ticket = server.put({ size });
      expect(await server.stands(ticket)).toBe(0);
      for (const [begin, end] of [
        [0, PART_BYTES],
        [PART_BYTES, 2 * PART_BYTES],
        [2 * PART_BYTES, size],
      ] as const) {
        expect(await server.get(ticket)).toMatchObject({ status: 404, json: { code: 'no_such_file', retry: false } });
        const answer = await server.add(ticket, begin, bytes.subarray(begin, end));
        expect([answer.status, answer.headers['upload-offset']]).toEqual([204, String(end)]);
        expect(await server.stands(ticket)).toBe(end);
      }
      const got = await server.get(ticket);
      expect(got.status).toBe(200);
      expect(got.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      expect(got.body.equals(bytes)).toBe(true);
      expect(await server.measured('parley_blob_uploads_total')).toBe(1);
      expect(await server.measured('parley_blob_received_bytes_total')).toBe(size);
      expect(await server.measured('parley_blob_sent_bytes_total')).toBe(size);
      // A transfer ends when its connection has taken the answer, which may be after the client has it.
      await expect.poll(() => server.measured('parley_blob_transfers')).toBe(0);
      await expect.poll(() => server.measured('parley_blob_requests_total{method="get",outcome="ok"}')).toBe(1);
      expect(await server.measured('parley_blob_requests_total{method="patch",outcome="ok"}')).toBe(3);
    });

    test('at another offset is told where it stands, and nothing is stored; so is a part that came before', async () => {
      const size = PART_BYTES + 4_112;
      const ticket = server.put({ size });
      const first = randomBytes(PART_BYTES);
      expect(await server.add(ticket, PART_BYTES, randomBytes(4_112))).toMatchObject({
        status: 409,
        headers: { 'upload-offset': '0' },
        json: { code: 'wrong_offset', retry: false },
      });
      await server.add(ticket, 0, first);
      const again = await server.add(ticket, 0, first);
      expect([again.status, again.headers['upload-offset']]).toEqual([409, String(PART_BYTES)]);
      expect(await server.stands(ticket)).toBe(PART_BYTES);
    });

    test('takes parts of no other length than they have, and none behind the end', async () => {
      const ticket = server.put({ size: PART_BYTES + 4_112 });
      for (const bytes of [4_112, PART_BYTES - 1, PART_BYTES + 1]) {
        const answer = await server.add(ticket, 0, randomBytes(bytes));
        expect([answer.status, answer.json?.code]).toEqual([400, 'bad_request']);
      }
      expect(await server.stands(ticket)).toBe(0);
      await server.upload(ticket, randomBytes(PART_BYTES + 4_112));
      const behind = await server.add(ticket, PART_BYTES + 4_112, randomBytes(4_112));
      expect([behind.status, behind.json?.code]).toEqual([400, 'bad_request']);
      const nothing = await server.add(server.put({ size: 0 }), 0, new Uint8Array(0));
      expect([nothing.status, nothing.json?.code]).toEqual([400, 'bad_request']);
    });

    test('wants its offset and its length said, and no length that it does not know', async () => {
      const ticket = server.put();
      const written = server.tickets.write(ticket);
      const body = randomBytes(4_112);
      for (const offset of ['', '-1', '0, 0', '1e3', ' 0x0', '0.0']) {
        const answer = await server.ask('PATCH', { ticket: written, headers: { 'upload-offset': offset }, body });
        expect([offset, answer.status, answer.json?.code]).toEqual([offset, 400, 'bad_request']);
      }
      const unsaid = await server.ask('PATCH', { ticket: written, body });
      expect([unsaid.status, unsaid.json?.message]).toEqual([400, expect.stringMatching(/^Say in Upload-Offset/)]);
      const chunked = ['Upload-Offset: 0', 'Transfer-Encoding: chunked'];
      expect(await server.says(`${server.head('PATCH', ticket, ...chunked)}3\r\nabc\r\n0\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 411 .*"code":"bad_request"/s,
      );
      const none = server.head('PATCH', ticket, 'Upload-Offset: 0', 'Connection: close');
      expect(await server.says(none)).toMatch(/^HTTP\/1\.1 411 /);
      expect(await server.stands(ticket)).toBe(0);
    });

    test('whose length is said in two ways is no request, and nothing behind it is read', async () => {
      const ticket = server.put();
      const lines = ['Upload-Offset: 0', 'Content-Length: 4', 'Transfer-Encoding: chunked'];
      const hidden = server.head('GET', { ...ticket, right: 'get' });
      const twice = ['Upload-Offset: 0', 'Content-Length: 4', 'Content-Length: 5'];
      for (const wrong of [lines, twice]) {
        const said = await server.says(`${server.head('PATCH', ticket, ...wrong)}0\r\n\r\n${hidden}`);
        expect(said).toMatch(/^HTTP\/1\.1 400 /);
        expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
      }
    });

    test('that is cut in a part keeps the parts before, and goes on there', async () => {
      const size = PART_BYTES + 4_112;
      const bytes = randomBytes(size);
      const ticket = server.put({ size });
      await server.add(ticket, 0, bytes.subarray(0, PART_BYTES));
      const lines = [`Upload-Offset: ${PART_BYTES}`, 'Content-Length: 4112'];
      const socket = await server.socket(server.head('PATCH', ticket, ...lines));
      socket.write(bytes.subarray(PART_BYTES, PART_BYTES + 2_000));
      await expect.poll(() => server.measured('parley_blob_received_bytes_total')).toBe(PART_BYTES + 2_000);
      socket.destroy();
      await expect.poll(() => server.transfers.open).toBe(0);
      await expect.poll(() => server.measured('parley_blob_requests_total{method="patch",outcome="cut"}')).toBe(1);
      expect(await server.stands(ticket)).toBe(PART_BYTES);
      await server.add(ticket, PART_BYTES, bytes.subarray(PART_BYTES));
      expect((await server.get(ticket)).body.equals(bytes)).toBe(true);
    });

    test('whose body stands still is cut', async () => {
      server = await here.another({ stallMaxMs: 50 });
      const ticket = server.put();
      const socket = await server.socket(server.head('PATCH', ticket, 'Upload-Offset: 0', 'Content-Length: 4112'));
      socket.write('abc');
      socket.resume();
      await once(socket, 'close');
      await expect.poll(() => server.transfers.open).toBe(0);
      expect(await server.stands(ticket)).toBe(0);
    });

    test('of one part by several at once is stored once, and the others hear where it stands', async () => {
      const bodies = Array.from({ length: 5 }, () => randomBytes(PART_BYTES));
      const ticket = server.put({ size: PART_BYTES });
      const answers = await Promise.all(bodies.map((body) => server.add(ticket, 0, body)));
      const won = answers.flatMap(({ status }, at) => (status === 204 ? [bodies[at]] : []));
      expect(won).toHaveLength(1);
      for (const { status, headers } of answers)
        expect([204, 409].includes(status) && headers['upload-offset']).toBe(String(PART_BYTES));
      expect((await server.get(ticket)).body.equals(won[0] as Buffer)).toBe(true);
    });

    test('that asks first is told to go on only if it may', async () => {
      const body = randomBytes(4_112);
      const asks = ['Content-Length: 4112', 'Expect: 100-continue', 'Connection: close'];
      const socket = await server.socket(server.head('PATCH', server.put(), 'Upload-Offset: 0', ...asks));
      const [first] = await once(socket, 'data');
      expect(String(first)).toMatch(/^HTTP\/1\.1 100 /);
      socket.write(body);
      const [second] = await once(socket, 'data');
      expect(String(second)).toMatch(/^HTTP\/1\.1 204 /);
      socket.destroy();
      const refused = await server.socket(server.head('PATCH', server.put(), 'Upload-Offset: 7', ...asks));
      const [answer] = await once(refused, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1\.1 409 /);
      refused.destroy();
    });

    test('belongs to its device: no other may look at it, add to it or say another length', async () => {
      const ticket = server.put({ size: PART_BYTES + 4_112 });
      await server.add(ticket, 0, randomBytes(PART_BYTES));
      for (const foreign of [{ device: base64(32) }, { address: 'bo@localhost' }]) {
        const asked = { ...ticket, ...foreign };
        expect((await server.ask('HEAD', { ticket: server.tickets.write(asked) })).status).toBe(404);
        const answer = await server.add(asked, PART_BYTES, randomBytes(4_112));
        expect([answer.status, answer.json?.code]).toEqual([404, 'no_such_file']);
      }
      const longer = await server.add({ ...ticket, size: 2 * PART_BYTES }, PART_BYTES, randomBytes(PART_BYTES));
      expect([longer.status, longer.json?.code]).toEqual([400, 'bad_request']);
      expect(await server.stands(ticket)).toBe(PART_BYTES);
    });
  });
}
