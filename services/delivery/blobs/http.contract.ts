// What clients are answered over HTTP, whatever the blobs are stored in.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, TICKET_MAX_AGE_MS } from '#protocol/limits.ts';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import { TICKET_KEY_BYTES, type Ticket, Tickets } from '#runtime/tickets.ts';
import { BLOBS_PER_ACCOUNT_MAX } from './blobs.ts';
import { BlobServer, type BlobServerOptions, base64 } from './http.fixture.ts';
import type { BlobStore } from './store.ts';

export function blobHttpContract(
  name: string,
  open: () => Promise<{ readonly store: BlobStore; close(): Promise<void> }>,
): void {
  describe(name, () => {
    let under: Awaited<ReturnType<typeof open>>;
    const servers: BlobServer[] = [];
    let server: BlobServer;
    const another = async (options?: BlobServerOptions): Promise<BlobServer> => {
      const started = await BlobServer.start(under.store, options);
      servers.push(started);
      return started;
    };
    beforeEach(async () => {
      under = await open();
      server = await another();
    });
    afterEach(async () => {
      await Promise.all(servers.splice(0).map((one) => one.stop()));
      await under.close();
    });

    /** A blob that is whole, of so many random bytes. */
    const uploaded = async (size: number, given: Partial<Ticket> = {}): Promise<{ ticket: Ticket; bytes: Buffer }> => {
      const ticket = server.put({ size, ...given });
      const bytes = randomBytes(size);
      await server.upload(ticket, bytes);
      return { ticket, bytes };
    };

    describe('an upload', () => {
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
        server = await another({ stallMaxMs: 50 });
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

    describe('a ticket', () => {
      test('is for what it says: none to download uploads, none to upload downloads', async () => {
        const { ticket } = await uploaded(4_112);
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
        const { ticket } = await uploaded(4_112);
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
        const { ticket, bytes } = await uploaded(4_112);
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
      test('of a range has these bytes and says which they are', async () => {
        const size = PART_BYTES + 4_112;
        const { ticket, bytes } = await uploaded(size);
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
        const { ticket } = await uploaded(4_112);
        for (const range of ['bytes=4112-', 'bytes=5000-6000']) {
          const got = await server.get(ticket, range);
          expect([got.status, got.headers['content-range'], got.json?.code]).toEqual([
            ...[416, 'bytes */4112', 'bad_request'],
          ]);
        }
        for (const range of [
          'bytes=-5',
          'bytes=5-4',
          'bytes=0-1,3-4',
          'bytes=a-',
          'bytes',
          'lines=0-1',
          'bytes=0x1-',
        ]) {
          const got = await server.get(ticket, range);
          expect([range, got.status, got.json?.code]).toEqual([range, 400, 'bad_request']);
        }
      });

      test('that nobody reads is cut', async () => {
        // More than the kernel takes for both ends of a socket; by a server that waits for it as long as it takes.
        const { ticket } = await uploaded(6 * PART_BYTES);
        server = await another({ stallMaxMs: 50 });
        const socket = await server.socket(server.head('GET', { ...ticket, right: 'get' }));
        socket.pause();
        await expect.poll(() => server.measured('parley_blob_requests_total{method="get",outcome="cut"}')).toBe(1);
        expect(server.transfers.open).toBe(0);
        socket.destroy();
      });

      test('of a blob whose retention has ended finds none, if the clock is believed', async () => {
        const { ticket } = await uploaded(4_112, { retention: DAY_MS });
        server.now += DAY_MS + HOUR_MS - 1;
        expect((await server.get(ticket)).status).toBe(200);
        server.now += 2;
        expect((await server.get(ticket)).json?.code).toBe('no_such_file');
        server.expiry.believed = false;
        expect((await server.get(ticket)).status).toBe(200);
      });
    });

    describe('room', () => {
      test('is bounded for an account by what its files will take, whole or not; another has its own', async () => {
        server = await another({ quotaBytes: 10_000 });
        const first = server.put();
        await server.upload(first, randomBytes(4_112));
        await server.upload(server.put(), randomBytes(4_112));
        const third = server.put({ size: 4_112 });
        const over = await server.add(third, 0, randomBytes(4_112));
        expect([over.status, over.json]).toEqual([
          413,
          { code: 'files_over_quota', retry: false, message: expect.stringMatching(/^Your files take all the space/) },
        ]);
        expect(await server.stands(third)).toBe(0);
        expect(await under.store.usage()).toEqual({ blobs: 2, bytes: 8_224 });
        await server.upload(server.put({ address: 'bo@localhost' }), randomBytes(4_112));
        await under.store.remove(first.blob);
        await server.upload(third, randomBytes(4_112));
      });

      test('is bounded for an account by how many files it has, also of a byte each', async () => {
        const { store } = under;
        const full: BlobStore = {
          find: (blob) => store.find(blob),
          create: (record) => store.create(record),
          append: (blob, part, body) => store.append(blob, part, body),
          read: (blob, from, to) => store.read(blob, from, to),
          remove: (blob) => store.remove(blob),
          sweep: (now, limit) => store.sweep(now, limit),
          usage: async (owner) => ({
            ...(await store.usage(owner)),
            ...(owner === 'al@localhost' ? { blobs: BLOBS_PER_ACCOUNT_MAX + 1 } : {}),
          }),
        };
        server = await BlobServer.start(full);
        servers.push(server);
        const over = await server.add(server.put({ size: 1 }), 0, randomBytes(1));
        expect([over.status, over.json?.code]).toEqual([413, 'files_over_quota']);
        expect(await store.usage()).toEqual({ blobs: 0, bytes: 0 });
        await server.upload(server.put({ address: 'bo@localhost', size: 1 }), randomBytes(1));
      });

      test('that two ask for at once is never given to both', async () => {
        server = await another({ quotaBytes: 5_000 });
        const tickets = Array.from({ length: 4 }, () => server.put());
        await Promise.all(tickets.map((ticket) => server.add(ticket, 0, randomBytes(4_112))));
        expect((await under.store.usage('al@localhost')).bytes).toBeLessThanOrEqual(5_000);
      });

      test('is bounded for all together, and by the disk', async () => {
        server = await another({ totalBytes: 5_000 });
        await server.upload(server.put(), randomBytes(4_112));
        const over = await server.add(server.put({ address: 'bo@localhost' }), 0, randomBytes(4_112));
        expect([over.status, over.json?.code, over.json?.retry]).toEqual([507, 'no_space', true]);
        server = await another();
        server.space.low = true;
        expect((await server.add(server.put(), 0, randomBytes(4_112))).status).toBe(507);
        server.space.low = false;
        server.space.hasRoomFor = () => false;
        expect((await server.add(server.put(), 0, randomBytes(4_112))).status).toBe(507);
        expect((await under.store.usage()).blobs).toBe(1);
      });

      test('of an upload that is begun is kept for it, also after a part did not come', async () => {
        server = await another({ quotaBytes: 5_000 });
        const ticket = server.put();
        const lines = ['Upload-Offset: 0', 'Content-Length: 4112'];
        const socket = await server.socket(server.head('PATCH', ticket, ...lines));
        socket.write('abc');
        await expect.poll(async () => (await under.store.usage()).bytes).toBe(4_112);
        socket.destroy();
        await expect.poll(() => server.transfers.open).toBe(0);
        expect((await server.add(server.put(), 0, randomBytes(4_112))).json?.code).toBe('files_over_quota');
        await server.upload(ticket, randomBytes(4_112));
      });
    });

    describe('a server', () => {
      test('knows HEAD, PATCH and GET, and no other method; what has no body must bring none', async () => {
        const { ticket } = await uploaded(4_112);
        const written = server.tickets.write(ticket);
        for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
          const answer = await server.ask(method, { ticket: written });
          expect([answer.status, answer.headers.allow, answer.json?.code]).toEqual([
            ...[405, 'HEAD, PATCH, GET', 'bad_request'],
          ]);
        }
        const get = server.tickets.write({ ...ticket, right: 'get' });
        const answer = await server.ask('GET', { ticket: get, body: randomBytes(10) });
        expect([answer.status, answer.json?.message]).toEqual([400, 'GET has no body.']);
      });

      test('serves so many at a time of one device, and in all, and says when to come again', async () => {
        const open: (() => void)[] = [];
        const ticket = server.put();
        for (let n = 0; n < 8; n += 1) open.push(server.transfers.begin(ticket));
        const own = await server.add(ticket, 0, randomBytes(4_112));
        expect([own.status, own.json?.code, own.headers['retry-after']]).toEqual([429, 'rate_limited', '1']);
        for (let n = 8; n < 64; n += 1) open.push(server.transfers.begin({ address: String(n), device: String(n) }));
        const other = server.put({ address: 'bo@localhost', device: base64(32) });
        const busy = await server.add(other, 0, randomBytes(4_112));
        expect([busy.status, busy.json?.code, busy.headers['retry-after']]).toEqual([503, 'busy', '1']);
        for (const end of open) end();
        await server.upload(other, randomBytes(4_112));
      });

      test('serves so many at a time of one account, however many devices it has, and others meanwhile', async () => {
        const open: (() => void)[] = [];
        for (let n = 0; n < 16; n += 1) open.push(server.transfers.begin(server.put({ device: base64(32) })));
        const own = await server.add(server.put({ device: base64(32) }), 0, randomBytes(4_112));
        expect([own.status, own.json?.code, own.headers['retry-after']]).toEqual([429, 'rate_limited', '1']);
        await server.upload(server.put({ address: 'bo@localhost', device: base64(32) }), randomBytes(4_112));
        for (const end of open) end();
        await server.upload(server.put({ device: base64(32) }), randomBytes(4_112));
      });

      test('that ends lets what is under way come to its end, and takes nothing new', async () => {
        const ticket = server.put();
        const lines = ['Upload-Offset: 0', 'Content-Length: 4112', 'Connection: close'];
        const socket = await server.socket(server.head('PATCH', ticket, ...lines));
        await expect.poll(() => server.transfers.open).toBe(1);
        let ended = false;
        const end = server.transfers.close().then(() => {
          ended = true;
        });
        const refused = await server.add(server.put(), 0, randomBytes(4_112));
        expect([refused.status, refused.json?.code, ended]).toEqual([503, 'unavailable', false]);
        socket.write(randomBytes(4_112));
        const [answer] = await once(socket, 'data');
        expect(String(answer)).toMatch(/^HTTP\/1\.1 204 /);
        await end;
      });

      test('answers one request after the other on a connection, and lets go of who does not wait', async () => {
        const { ticket } = await uploaded(4_112);
        const get = server.head('GET', { ...ticket, right: 'get' });
        const socket = await server.socket(get);
        await once(socket, 'data');
        socket.write(get + get);
        socket.resume();
        await once(socket, 'close');
        await expect.poll(() => server.transfers.open).toBe(0);
      });
    });
  });
}
