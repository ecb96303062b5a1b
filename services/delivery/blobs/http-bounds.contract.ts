// What is given to nobody beyond a bound: room, and transfers at a time.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { BLOBS_PER_ACCOUNT_MAX } from './blobs.ts';
import { type BlobServer, type BlobsHere, base64 } from './http.fixture.ts';
import type { BlobStore } from './store.ts';

export function boundsContract(here: BlobsHere): void {
  describe('room', () => {
    let server: BlobServer;
    beforeEach(() => {
      server = here.server;
    });
    test('is bounded for an account by what its files will take, whole or not; another has its own', async () => {
      server = await here.another({ quotaBytes: 10_000 });
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
      expect(await here.store.usage()).toEqual({ blobs: 2, bytes: 8_224 });
      await server.upload(server.put({ address: 'bo@localhost' }), randomBytes(4_112));
      await here.store.remove(first.blob);
      await server.upload(third, randomBytes(4_112));
    });

    test('is bounded for an account by how many files it has, also of a byte each', async () => {
      const { store } = here;
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
      server = await here.another({}, full);
      const over = await server.add(server.put({ size: 1 }), 0, randomBytes(1));
      expect([over.status, over.json?.code]).toEqual([413, 'files_over_quota']);
      expect(await store.usage()).toEqual({ blobs: 0, bytes: 0 });
      await server.upload(server.put({ address: 'bo@localhost', size: 1 }), randomBytes(1));
    });

    test('that two ask for at once is never given to both', async () => {
      server = await here.another({ quotaBytes: 5_000 });
      const tickets = Array.from({ length: 4 }, () => server.put());
      await Promise.all(tickets.map((ticket) => server.add(ticket, 0, randomBytes(4_112))));
      expect((await here.store.usage('al@localhost')).bytes).toBeLessThanOrEqual(5_000);
    });

    test('is bounded for all together, and by the disk', async () => {
      server = await here.another({ totalBytes: 5_000 });
      await server.upload(server.put(), randomBytes(4_112));
      const over = await server.add(server.put({ address: 'bo@localhost' }), 0, randomBytes(4_112));
      expect([over.status, over.json?.code, over.json?.retry]).toEqual([507, 'no_space', true]);
      server = await here.another();
      server.space.low = true;
      expect((await server.add(server.put(), 0, randomBytes(4_112))).status).toBe(507);
      server.space.low = false;
      server.space.hasRoomFor = () => false;
      expect((await server.add(server.put(), 0, randomBytes(4_112))).status).toBe(507);
      expect((await here.store.usage()).blobs).toBe(1);
    });

    test('of an upload that is begun is kept for it, also after a part did not come', async () => {
      server = await here.another({ quotaBytes: 5_000 });
      const ticket = server.put();
      const lines = ['Upload-Offset: 0', 'Content-Length: 4112'];
      const socket = await server.socket(server.head('PATCH', ticket, ...lines));
      socket.write('abc');
      await expect.poll(async () => (await here.store.usage()).bytes).toBe(4_112);
      socket.destroy();
      await expect.poll(() => server.transfers.open).toBe(0);
      expect((await server.add(server.put(), 0, randomBytes(4_112))).json?.code).toBe('files_over_quota');
      await server.upload(ticket, randomBytes(4_112));
    });
  });

  describe('a server', () => {
    let server: BlobServer;
    beforeEach(() => {
      server = here.server;
    });
    test('knows HEAD, PATCH and GET, and no other method; what has no body must bring none', async () => {
      const { ticket } = await server.uploaded(4_112);
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
      const { ticket } = await server.uploaded(4_112);
      const get = server.head('GET', { ...ticket, right: 'get' });
      const socket = await server.socket(get);
      await once(socket, 'data');
      socket.write(get + get);
      socket.resume();
      await once(socket, 'close');
      await expect.poll(() => server.transfers.open).toBe(0);
    });
  });
}
