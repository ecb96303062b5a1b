// What the stack's HAProxy, with the configuration that it has there, keeps from gateways.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Haproxy, missingHaproxy } from '../../bench/haproxy.ts';

/** Key and answer are those of RFC 6455's example: HAProxy checks them. */
const UPGRADE =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const ACCEPT = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

/** HAProxy in front of what says that it is a gateway, takes each upgrade and notes its headers. */
async function door(networkConnections: number) {
  const upgrades: { url: string | undefined; forwarded: string | string[] | undefined }[] = [];
  const gateway = createServer((request, response) => {
    response.writeHead(request.url === '/readyz' ? 200 : 404).end();
  });
  const sockets = new Set<Socket>();
  gateway.on('connection', (socket) => sockets.add(socket));
  gateway.on('upgrade', (request, socket) => {
    upgrades.push({ url: request.url, forwarded: request.headers['x-forwarded-for'] });
    socket.on('error', () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${ACCEPT}\r\n`);
  });
  await once(gateway.listen(0, '127.0.0.1'), 'listening');
  const haproxy = await Haproxy.start(
    [`ws://127.0.0.1:${(gateway.address() as AddressInfo).port}`], // a port, never a pipe
    networkConnections,
  );
  onTestFinished(async () => {
    await haproxy.end();
    for (const socket of sockets) socket.destroy();
    gateway.close();
  });
  return { port: Number(new URL(haproxy.url).port), upgrades };
}

const MANY = 1_000;

/** The first line that comes back; '' if the connection is closed without a word. */
function answerTo(port: number, text: string, localAddress = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.write(text));
    onTestFinished(() => void socket.destroy());
    socket.once('data', (data) => resolve(data.toString().split('\r\n')[0] ?? ''));
    socket.on('error', () => resolve('')).once('close', () => resolve(''));
  });
}

test.each([
  ['', '4000'],
  ['1000', '4000000'],
  ['0.02', '80'],
  ['1e6', '1000000000'],
  ['1e-9', '1'],
])('with a rate factor of "%s" a network may have %s connections', (factor, connections) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-start-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'haproxy'), '#!/bin/sh\nprintf %s "$PARLEY_NETWORK_CONNECTIONS"\n', { mode: 0o700 });
  const env = { PATH: `${folder}:${process.env.PATH}`, PARLEY_BIND: '127.0.0.1', PARLEY_RATE_FACTOR: factor };
  const start = join(import.meta.dirname, '../../operating/haproxy/start.sh');
  expect(spawnSync('sh', [start], { env, encoding: 'utf8' }).stdout).toBe(connections);
});

/** Where servers were promised, it must be there. */
const isAbsent = missingHaproxy() !== undefined && process.env.REQUIRE_SERVICES !== '1';

describe.skipIf(isAbsent)('through the HAProxy of the stack', () => {
  test('a client cannot say where it comes from', async () => {
    const { port, upgrades } = await door(MANY);
    const lies = 'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7\r\nConnection: x-forwarded-for\r\n';
    expect(await answerTo(port, `GET / HTTP/1.1\r\n${UPGRADE}${lies}\r\n`)).toMatch(/ 101 /);
    expect(upgrades).toEqual([{ url: '/', forwarded: '127.0.0.1' }]);
  });

  test.each([
    ['a path', `GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['an upgrade', `GET /metrics HTTP/1.1\r\n${UPGRADE}\r\n`],
    ['a whole address', `GET http://x/metrics HTTP/1.1\r\n${UPGRADE}\r\n`],
    [
      'a second request behind a body',
      `POST / HTTP/1.1\r\n${UPGRADE}Content-Length: 9\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n`,
    ],
    [
      'two lengths',
      `GET / HTTP/1.1\r\n${UPGRADE}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics`,
    ],
  ])('nobody comes to figures by %s', async (_, text) => {
    const { port, upgrades } = await door(MANY);
    expect(await answerTo(port, text)).toMatch(/ 4\d\d /);
    expect(upgrades).toEqual([]);
  });

  test('a connection carries one session: HTTP/2, which would carry a hundred, is refused', async () => {
    const { port, upgrades } = await door(MANY);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const ended = new Promise<string>((resolve) => {
      session.once('error', () => resolve('refused')).once('close', () => resolve('refused'));
      session.once('remoteSettings', () => resolve('taken'));
    });
    expect(await ended).toBe('refused');
    expect(upgrades).toEqual([]);
  });

  test('a network that takes connections without end, silent ones too, leaves the others theirs', async () => {
    const { port } = await door(3);
    const upgrade = `GET / HTTP/1.1\r\n${UPGRADE}\r\n`;
    const greedy = '127.0.0.2';
    void answerTo(port, '', greedy);
    void answerTo(port, 'GET / HTTP/1.1\r\nX: ', greedy);
    expect(await answerTo(port, upgrade, greedy)).toMatch(/ 101 /);
    expect(await answerTo(port, upgrade, greedy)).toBe('');
    expect(await answerTo(port, upgrade)).toMatch(/ 101 /);
  });
});
