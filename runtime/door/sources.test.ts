import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '#protocol/limits.ts';
import { ServerProcess } from '../../test/server.fixture.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { Sources, sourceOf } from './sources.ts';

describe('the source of an address', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:db8::5:6:7:8', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['', ''],
  ])('%s is %s', (address, source) => expect(sourceOf(address)).toBe(source));
});

describe('open connections', () => {
  test('are counted by source, as many as the limit and its factor allow', () => {
    const sources = new Sources(0.0015);
    expect([sources.enter('a'), sources.enter('a'), sources.enter('a'), sources.enter('b')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    sources.leave('a');
    expect([sources.enter('a'), sources.enter('a')]).toEqual([true, false]);
  });

  test('above the limit are refused with 429, until one has closed', async () => {
    const server = await ServerProcess.start(['--rate-factor', '0.002', '--log-level', 'warn']); // two at a time, three a minute
    try {
      const [first, second] = [await Wire.open(server.url), await Wire.open(server.url)];
      let status: number | undefined;
      const refused = new WebSocket(server.url, SUBPROTOCOL);
      refused.on('error', () => {});
      await new Promise<void>((resolve) => {
        refused.on('unexpected-response', (_, response) => {
          status = response.statusCode;
          resolve();
        });
      });
      refused.terminate();
      expect(status).toBe(429);
      const metrics = await (await server.http('/metrics')).text();
      expect(metrics).toMatch(/^parley_connections_refused_total\{reason="network"\} 1$/m);
      await first.close();
      let third: Wire | undefined;
      while (!third) third = await Wire.open(server.url).catch(() => undefined); // the server hears of the end a moment later
      await Promise.all([second.close(), third.close()]);
    } finally {
      await server.remove();
    }
  });
});
