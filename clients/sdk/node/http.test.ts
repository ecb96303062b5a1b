import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from '../../../test/tls.fixture.ts';
import { nodeHttp } from './http.ts';

async function serving(listener: RequestListener, tls = false): Promise<{ url: string; sockets: () => number }> {
  const server = tls ? createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, listener) : createServer(listener);
  let sockets = 0;
  server.on('connection', () => {
    sockets += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server on a port, not on a path.
  const { port } = server.address() as AddressInfo;
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/blob`, sockets: () => sockets };
}

const asked = (url: string, more: { method?: 'HEAD' | 'PATCH'; body?: Uint8Array; signal?: AbortSignal } = {}) => ({
  ...{ method: 'GET' as const, url, headers: { authorization: 'Parley-Ticket abc' } },
  ...{ signal: new AbortController().signal, ...more },
});

async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

test('a body is sent with its length, and the answers to many requests come over one connection', async () => {
  const { url, sockets } = await serving(async (request, response) => {
    const length = request.headers['content-length'];
    response.writeHead(200, { 'upload-offset': '7' }).end(`${length} ${await read(request)}`);
  });
  const http = nodeHttp();
  for (const text of ['one', 'three']) {
    const answer = await http.request(asked(url, { method: 'PATCH', body: Buffer.from(text) }));
    expect([answer.status, answer.header('upload-offset')]).toEqual([200, '7']);
    expect(await read(answer.body)).toBe(`${text.length} ${text}`);
  }
  expect(sockets()).toBe(1);
});

test('a redirect is an answer: a ticket goes nowhere else', async () => {
  const paths: string[] = [];
  const { url } = await serving((request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect((await nodeHttp().request(asked(url))).status).toBe(302);
  expect(paths).toEqual(['/blob']);
});

test('a private certificate is trusted where it was given, and nowhere else', async () => {
  const { url } = await serving((_request, response) => void response.end('sealed'), true);
  const answer = await nodeHttp({ caBundle: TEST_CERTIFICATE }).request(asked(url));
  expect(await read(answer.body)).toBe('sealed');
  await expect(nodeHttp().request(asked(url))).rejects.toMatchObject({ name: 'Unavailable' });
});

test('a server that says nothing, or nothing more, is given up', async () => {
  const { url } = await serving((request, response) => {
    if (request.method === 'GET') response.writeHead(200, { 'content-length': 100 }).write('a beginning');
  });
  const http = nodeHttp({ stallMs: 50 });
  await expect(http.request(asked(url, { method: 'HEAD' }))).rejects.toMatchObject({ name: 'Unavailable' });
  // On a machine that is slow enough, the first of it comes too late as well.
  const reading = http.request(asked(url)).then(({ body }) => read(body));
  await expect(reading).rejects.toMatchObject({ name: 'Unavailable' });
});

test('a body that ends before its length is an error, and so is a server that is not there', async () => {
  const { url } = await serving((_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('a beginning', () => response.destroy());
  });
  const { body } = await nodeHttp().request(asked(url));
  await expect(read(body)).rejects.toMatchObject({ name: 'Unavailable' });
  await expect(nodeHttp().request(asked('http://127.0.0.1:1/blob'))).rejects.toMatchObject({ name: 'Unavailable' });
});

test('what is stopped ends with the reason, before its answer and in it', async () => {
  const { url } = await serving((request, response) => {
    if (request.method === 'GET') response.writeHead(200, { 'content-length': 100 }).write('a beginning');
  });
  const stop = new AbortController();
  const { body } = await nodeHttp().request(asked(url, { signal: stop.signal }));
  const reading = read(body);
  const waiting = nodeHttp().request(asked(url, { method: 'HEAD', signal: stop.signal }));
  const ends = [expect(reading).rejects.toThrow('enough'), expect(waiting).rejects.toThrow('enough')];
  stop.abort(new Error('enough'));
  await Promise.all(ends);
});
