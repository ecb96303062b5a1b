// What the stack's HAProxy, with the configuration that it has there, keeps from gateways.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answerTo, door, isHaproxyAbsent, UPGRADE } from './haproxy.fixture.ts';

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

describe.skipIf(isHaproxyAbsent)('through the HAProxy of the stack', () => {
  test('a client cannot say where it comes from', async () => {
    const { port, upgrades } = await door();
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
    const { port, upgrades } = await door();
    expect(await answerTo(port, text)).toMatch(/ 4\d\d /);
    expect(upgrades).toEqual([]);
  });

  test('a connection carries one session: HTTP/2, which would carry a hundred, is refused', async () => {
    const { port, upgrades } = await door();
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
    const { port } = await door({ networkConnections: 3 });
    const upgrade = `GET / HTTP/1.1\r\n${UPGRADE}\r\n`;
    const greedy = '127.0.0.2';
    let has = 2;
    for (const silent of ['', 'GET / HTTP/1.1\r\nX: ']) void answerTo(port, silent, greedy).then(() => (has -= 1));
    // HAProxy's threads may come to the silent ones later: then it is they who are refused.
    while ((await answerTo(port, upgrade, greedy)) !== '') has += 1;
    await expect.poll(() => has).toBe(3);
    expect(await answerTo(port, upgrade)).toMatch(/ 101 /);
  });

  test('a network that was refused is let in again, however often it tries meanwhile', async () => {
    const { port } = await door({ networkConnections: 20 });
    const look = () => answerTo(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    // At once: one after the other, on a machine that is slow, are not so many in the time that counts.
    expect(await Promise.all(Array.from({ length: 40 }, look))).toContain('');
    await expect.poll(look, { interval: 10 }).toMatch(/ 426 /);
  });
});
