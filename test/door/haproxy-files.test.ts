// How files go through the stack's HAProxy: one path, three methods, as a stream, to any delivery that takes them.
import { once } from 'node:events';
import { type IncomingMessage, request as makeRequest, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BLOB_PATH, OFFSET_HEADER } from '#protocol/sealed-file.ts';
import { answerTo, door, isHaproxyAbsent, UPGRADE } from './haproxy.fixture.ts';

/** A delivery that notes each request, with all of its body, and takes it. */
function noting() {
  const seen: { method: string | undefined; url: string | undefined; forwarded: unknown; body: string }[] = [];
  const answer: RequestListener = async (request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, forwarded: headers['x-forwarded-for'], body: await text(request) });
    response.writeHead(204, { [OFFSET_HEADER]: '7' }).end();
  };
  return { seen, answer };
}

/** Resolves with the answer once its head has come. */
async function ask(port: number, method: string, headers = {}, body?: string): Promise<IncomingMessage> {
  const request = makeRequest({ port, host: '127.0.0.1', path: BLOB_PATH, method, headers });
  onTestFinished(() => void request.destroy());
  request.end(body);
  const [response] = await once(request, 'response');
  return response;
}

describe.skipIf(isHaproxyAbsent)('files through the HAProxy of the stack', () => {
  test('are asked of a delivery, which is told from where', async () => {
    const { seen, answer } = noting();
    const { port } = await door({ deliveries: [answer] });
    const lie = { 'x-forwarded-for': '6.6.6.6' };
    const asked = [
      await ask(port, 'HEAD', lie),
      await ask(port, 'PATCH', { ...lie, 'content-length': 5 }, 'bytes'),
      await ask(port, 'GET', lie),
    ];
    expect(asked.map(({ statusCode, headers }) => [statusCode, headers['upload-offset']])).toEqual([
      [204, '7'],
      [204, '7'],
      [204, '7'],
    ]);
    const forwarded = '127.0.0.1';
    expect(seen).toEqual([
      { method: 'HEAD', url: BLOB_PATH, forwarded, body: '' },
      { method: 'PATCH', url: BLOB_PATH, forwarded, body: 'bytes' },
      { method: 'GET', url: BLOB_PATH, forwarded, body: '' },
    ]);
  });

  test.each([
    ['another method', `POST ${BLOB_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`, 405],
    ['a method that removes', `DELETE ${BLOB_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`, 405],
    ['a path below it', `GET ${BLOB_PATH}/../metrics HTTP/1.1\r\nHost: x\r\n\r\n`, 404],
    ['a path like it', `GET /.${BLOB_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`, 404],
    ['the figures of a delivery', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n', 404],
    ['an upgrade', `GET ${BLOB_PATH} HTTP/1.1\r\n${UPGRADE}\r\n`, 400],
    ['an upgrade that is not named', `GET ${BLOB_PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n`, 400],
    [
      'a body without a length',
      `PATCH ${BLOB_PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'two lengths',
      `PATCH ${BLOB_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /`,
      400,
    ],
    [
      'lengths that differ',
      `PATCH ${BLOB_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n`,
      400,
    ],
  ])('no delivery hears of %s', async (_, text, status) => {
    const { seen, answer } = noting();
    const { port } = await door({ deliveries: [answer] });
    expect(await answerTo(port, text)).toContain(` ${status} `);
    expect(seen).toEqual([]);
  });

  test('are passed on as they come, in both directions, and not gathered first', async () => {
    const { port } = await door({
      deliveries: [
        async (request, response) => {
          // What has come is answered before more of it is sent.
          response.writeHead(200).flushHeaders();
          for await (const piece of request) response.write(piece);
          response.end();
        },
      ],
    });
    const pieces = ['a'.repeat(70_000), 'b', 'c'.repeat(200_000)];
    const length = pieces.join('').length;
    const headers = { 'content-length': length };
    const request = makeRequest({ port, host: '127.0.0.1', path: BLOB_PATH, method: 'PATCH', headers });
    onTestFinished(() => void request.destroy());
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let echoed = '';
    const came = response.setEncoding('utf8')[Symbol.asyncIterator]();
    for (const [index, piece] of pieces.entries()) {
      request.write(piece);
      const sent = pieces.slice(0, index + 1).join('');
      while (echoed.length < sent.length) echoed += (await came.next()).value;
      expect(echoed).toBe(sent);
    }
    request.end();
  });

  test('go to another delivery where one takes no more, unless they are a part, which is sent once', async () => {
    let refused = 0;
    const { seen, answer } = noting();
    const busy: RequestListener = (request, response) => {
      refused += 1;
      request.resume().once('end', () => response.writeHead(503, { 'content-type': 'application/json' }).end('{}'));
    };
    const { port } = await door({ deliveries: [busy, answer] });
    for (let i = 0; i < 4; i += 1) expect((await ask(port, 'HEAD')).statusCode).toBe(204);
    expect(refused).toBeGreaterThan(0);
    const before = seen.length + refused;
    const answers: (number | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) answers.push((await ask(port, 'PATCH', { 'content-length': 1 }, 'x')).statusCode);
    expect(answers).toContain(503);
    expect(seen.length + refused).toBe(before + answers.length);
  });

  test('are unavailable without a delivery, in the words of the protocol; sessions are not', async () => {
    const { port } = await door();
    const response = await ask(port, 'GET');
    expect([response.statusCode, JSON.parse(await text(response))]).toEqual([
      503,
      { code: 'unavailable', message: expect.any(String), retry: true },
    ]);
    expect(await answerTo(port, `GET / HTTP/1.1\r\n${UPGRADE}\r\n`)).toMatch(/ 101 /);
  });

  test('count for the connections that a network may have', async () => {
    const { port } = await door({
      networkConnections: 2,
      deliveries: [(_request, response) => response.writeHead(200).flushHeaders()],
    });
    const greedy = '127.0.0.2';
    const get = `GET ${BLOB_PATH} HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await answerTo(port, get, greedy)).toMatch(/ 200 /);
    expect(await answerTo(port, get, greedy)).toMatch(/ 200 /);
    expect(await answerTo(port, get, greedy)).toBe('');
    expect(await answerTo(port, get)).toMatch(/ 200 /);
  });
});
