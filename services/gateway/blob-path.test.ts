// Requests for files at the gateway's port: who is let in to whoever serves them.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Gateway } from './gateway.fixture.ts';
import { Listener } from './listener.ts';

const settings = {
  ...{ host: '127.0.0.1', port: 0, domain: 'localhost', signUp: 'open' as const },
  ...{ allowPlain: false, trustProxy: true, tlsCert: undefined, tlsKey: undefined },
};
let gateway: Gateway;
let listener: Listener | undefined;
let asked: (string | undefined)[];
beforeEach(async () => {
  gateway = await Gateway.start();
  asked = [];
});
afterEach(async () => {
  listener?.close();
  await gateway.stop();
});

async function listening(rateFactor: number): Promise<string> {
  listener = new Listener(gateway.hub, { ...settings, rateFactor }, async ({ url }, response) => {
    asked.push(url);
    response.end('served');
  });
  return (await listener.listen()).replace(/^ws/, 'http');
}

/** On a connection of its own, from another network than all others unless given. */
const ask = (url: string, from = '192.0.2.1'): Promise<Response> =>
  fetch(url, { headers: { 'x-forwarded-for': from, connection: 'close' } });

describe('a request for /blob', () => {
  test('is refused until the gateway takes clients, and again once it does not', async () => {
    const url = await listening(1);
    const early = await ask(`${url}/blob`);
    expect([early.status, early.headers.get('connection'), await early.json()]).toEqual([
      503,
      'close',
      { code: 'unavailable', retry: true, message: 'This server is not ready: go elsewhere.' },
    ]);
    listener?.open();
    expect(await (await ask(`${url}/blob`)).text()).toBe('served');
    listener?.stop();
    expect((await ask(`${url}/blob`)).status).toBe(503);
    expect(asked).toEqual(['/blob']);
  });

  test('alone reaches who serves files: nothing below it, beside it or with a query', async () => {
    const url = await listening(1);
    listener?.open();
    for (const path of ['/blob?x', '/blob/', '/blob/x', '/blobs', '/BLOB', '/']) {
      expect([path, (await ask(`${url}${path}`)).status]).toEqual([path, path === '/' ? 426 : 404]);
    }
    expect(asked).toEqual([]);
  });

  test('counts as a connection of its network: beyond the rate it is refused with 429, and others are not', async () => {
    const url = await listening(1);
    listener?.open();
    for (let count = 0; count < 1_200; count += 1) await gateway.hub.rates.take('connection', '192.0.2.1');
    const refused = await ask(`${url}/blob`);
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited', retry: true });
    expect((await ask(`${url}/blob`, '192.0.2.2')).status).toBe(200);
    expect(asked).toEqual(['/blob']);
  });

  test('is one of so many open connections of its network', async () => {
    const url = await listening(0.001); // one
    listener?.open();
    const held = connect(Number(new URL(url).port), '127.0.0.1'); // fetch might give it to the next request, or not
    onTestFinished(() => void held.destroy());
    held.write('GET /blob HTTP/1.1\r\nHost: parley\r\nX-Forwarded-For: 192.0.2.3\r\n\r\n');
    const [answer] = await once(held, 'data'); // and is kept open for another request
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
    const refused = await ask(`${url}/blob`, '192.0.2.3');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ message: 'Too many connections. Wait a minute.' });
  });

  test('is for nobody where others serve files', async () => {
    expect((await ask(`${gateway.url.replace(/^ws/, 'http')}/blob`)).status).toBe(404);
  });
});
