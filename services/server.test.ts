// The server as a process, while it runs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE } from '#protocol/close-codes.ts';
import { SUBPROTOCOL } from '#protocol/limits.ts';
import { runServer } from '../test/server.fixture.ts';
import { startsServers } from '../test/servers.fixture.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../test/tls.fixture.ts';
import { Wire } from '../test/wire.fixture.ts';
import { WirePerson } from '../test/wire-person.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-process-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const started = startsServers();

afterAll(() => rmSync(folder, { recursive: true }));

describe('a running server', () => {
  test('says on its first line where it listens, then what to type, and keeps stdout for that', async () => {
    const server = await started(['--log-level', 'info']);
    expect(server.stdout).toMatch(/^Parley listens on ws:\/\/127\.0\.0\.1:\d+\n/);
    await server.stop();
    expect(server.stdout).toContain('parley -- signup YOURNAME@localhost');
    for (const line of server.stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  test('explains its options and ends', async () => {
    const { status, stdout, stderr } = await runServer(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const options = stdout
      .split(/\n {2}(?=--)/)
      .slice(1)
      .filter((text) => !text.startsWith('--config'));
    for (const name of ['--host', '--port', '--data', '--domain', '--allow-plain']) expect(stdout).toContain(name);
    for (const text of options) {
      expect(text.replaceAll(/\s+/g, ' ')).toMatch(/\(default: .+\)|without: /); // what holds if it is not given
      if (/^--\S+-ms/.test(text)) expect(text).toMatch(/\bin\s+ms\b/);
      if (/^--\S+-mib/.test(text)) expect(text).toMatch(/\bin\s+MiB\b/);
    }
  });

  test('takes settings that are empty in the environment for absent', async () => {
    const ended = await runServer(['--help'], { PARLEY_PORT: '' });
    expect(ended.status).toBe(0);
    const data = join(folder, 'empty-variable');
    const other = await runServer(['--data', data, '--host', '0.0.0.0'], {
      PARLEY_TLS_CERT: '',
      PARLEY_ALLOW_PLAIN: '',
    });
    expect(other.stderr).toMatch(/without TLS/);
  });

  test('answers health, readiness and metrics, the last only to this machine and not through a proxy', async () => {
    const server = await started();
    expect(await (await server.http('/healthz')).text()).toBe('ok\n');
    expect(await (await server.http('/readyz')).text()).toBe('ready\n');
    const wire = await Wire.open(server.url);
    expect(await (await server.http('/metrics')).text()).toMatch(/^parley_connections 1$/m);
    expect((await server.http('/metrics', { headers: { 'x-forwarded-for': '192.0.2.7' } })).status).toBe(404);
    expect((await server.http('/')).status).toBe(426);
    expect((await server.http('/../../etc/passwd')).status).toBe(404);
    await wire.close();
  });

  test('takes no client that does not offer its subprotocol', async () => {
    const server = await started();
    for (const offered of [[], ['parley.v2'], ['graphql-ws', 'x']]) {
      const error = await new Promise<Error>((resolve) => new WebSocket(server.url, offered).once('error', resolve));
      expect(error.message).toMatch(/400/);
    }
    const both = new WebSocket(server.url, ['parley.v2', SUBPROTOCOL]);
    await new Promise((resolve) => both.once('open', resolve));
    expect(both.protocol).toBe(SUBPROTOCOL);
    both.terminate();
  });

  test('survives clients that reset while they are refused, and lets go of those that stay', async () => {
    const server = await started();
    const port = Number(new URL(server.url).port);
    const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    for (let i = 0; i < 50; i += 1) {
      const socket = connect(port, '127.0.0.1');
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.on('error', () => {});
      socket.write(upgrade, () => socket.resetAndDestroy());
      await new Promise((resolve) => socket.once('close', resolve));
    }
    const stays = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    stays.write(upgrade);
    await new Promise((resolve) => stays.resume().once('end', resolve));
    expect((await server.http('/healthz')).status).toBe(200);
    stays.destroy();
  });

  test('speaks wss with a certificate', async () => {
    const tls = ['--tls-cert', file('cert.pem', TEST_CERTIFICATE), '--tls-key', file('key.pem', TEST_KEY)];
    const server = await started(tls);
    expect(server.url).toMatch(/^wss:/);
    const al = new WirePerson('al@localhost');
    const wire = await Wire.open(server.url, { ca: TEST_CERTIFICATE });
    await wire.ok({ type: 'signup.finish', ...(await al.signUpFields(wire)) });
    await wire.ok({ type: 'session', ...al.sessionFields(wire) });
    await wire.take('synced');
    const url = new URL('/metrics', server.url.replace('wss', 'https'));
    const metrics = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { ca: TEST_CERTIFICATE }, resolve).on('error', reject);
    });
    const ends = Date.UTC(2120, 0, 1) / 1_000;
    expect(await text(metrics)).toContain(`\nparley_certificate_expiry_timestamp_seconds ${ends}\n`);
    wire.send('not a frame');
    expect(await wire.closed).toEqual(CLOSE.protocolError);
    await expect(
      new Promise((_, reject) => new WebSocket(server.url, SUBPROTOCOL).once('error', reject)),
    ).rejects.toThrow(/self-signed/);
  });

  test('listens beyond this machine without TLS only where that is said', async () => {
    const server = await started(['--host', '0.0.0.0', '--allow-plain', '--domain', 'chat.example.org']);
    expect(server.url).toMatch(/^ws:\/\/127\.0\.0\.1:/); // an address that a client can use
    await server.stop();
    const port = new URL(server.url).port;
    expect(server.stdout).toContain(
      `every address of this machine. From others: --server ws://chat.example.org:${port}\n`,
    );
  });
});
