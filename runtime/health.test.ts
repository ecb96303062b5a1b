// What a service without a port for clients says about itself, over HTTP.
import { afterEach, describe, expect, test } from 'vitest';
import { serveHealth } from './health.ts';
import { Metrics } from './metrics.ts';
import { StartError } from './start-error.ts';

type Health = NonNullable<Awaited<ReturnType<typeof serveHealth>>>;

const HOST = '127.0.0.1';
const served: Health[] = [];
afterEach(() => {
  for (const health of served.splice(0)) health.stop();
});

async function serve(isReady: () => boolean, healthPort = 0): Promise<Health> {
  const health = await serveHealth({ healthHost: HOST, healthPort }, new Metrics(), isReady);
  if (!health) throw new Error('it has a port');
  served.push(health);
  return health;
}

describe('the health of a service', () => {
  test('is alive as long as it runs, and ready when it says so', async () => {
    let ready = false;
    const { url } = await serve(() => ready);
    const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`)).status;
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 503]);
    ready = true;
    expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 200]);
    expect(await status('/anything')).toBe(404);
  });

  test('has its metrics', async () => {
    const { url } = await serve(() => true);
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await metrics.text()).toContain('# TYPE parley_');
  });

  test('needs no port', async () => {
    expect(await serveHealth({ healthHost: HOST }, new Metrics(), () => true)).toBeUndefined();
  });

  test('stops the start with a sentence where its port is taken', async () => {
    const port = Number(new URL((await serve(() => true)).url).port);
    const second = serve(() => true, port);
    await expect(second).rejects.toThrow(StartError);
    await expect(second).rejects.toThrow(`${HOST}:${port}: `);
    await expect(second).rejects.toThrow('--health-port');
  });
});
