// What a stranger can make the gateway keep before it has said anything that counts: pieces of a message, and sockets.
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { Gateway } from './gateway.fixture.ts';
import { Listener } from './listener.ts';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await Gateway.start();
});
afterEach(() => gateway.stop());

/** A socket that has said nothing. */
function socketTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {}); // a close follows
    socket.once('connect', () => resolve(socket));
  });
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.resume().once('close', () => resolve());
  });

/** What the server says to a request on this socket; undefined: it was let go. */
function asked(socket: Socket): Promise<string | undefined> {
  socket.write('GET /healthz HTTP/1.1\r\nHost: parley\r\n\r\n');
  return new Promise((resolve) => {
    socket.once('data', (data) => resolve(data.toString().split('\r\n')[0]));
    socket.once('close', () => resolve(undefined));
  });
}

describe('a message in pieces', () => {
  test('is read if they are sixteen; with the next the connection is closed with 4200', async () => {
    const wire = await Wire.open(gateway.url);
    const text = '{"type":"ping","id":1}';
    const pieces = [...text.slice(0, 15), text.slice(15)];
    pieces.forEach((piece, index) => {
      wire.websocket.send(piece, { fin: index === pieces.length - 1 });
    });
    expect(pieces).toHaveLength(16);
    expect(await wire.answer(1)).toMatchObject({ type: 'ok' });
    for (let sent = 0; sent < 17; sent += 1) wire.websocket.send(' ', { fin: false });
    expect(await wire.closed).toEqual(CLOSE.protocolError);
  });

  test('that trickles in is given up with 4200 long before its end', async () => {
    const wire = await Wire.open(gateway.url);
    const length = 10_000;
    wire.socket.setNoDelay();
    wire.socket.write(Buffer.from([0x81, 0x80 | 126, length >> 8, length & 0xff, 0, 0, 0, 0]));
    let open = true;
    void wire.closed.then(() => {
      open = false;
    });
    let sent = 0;
    for (; open && sent < length - 1; sent += 1) {
      wire.socket.write(' ');
      await new Promise(setImmediate); // the server shares this loop: it reads each by itself
    }
    expect(sent).toBeLessThan(length / 2);
    expect((await wire.closed).code).toBe(CLOSE.protocolError.code);
  });
});

describe('sockets that are no connection yet', () => {
  const settings = {
    host: '127.0.0.1',
    port: 0,
    domain: 'localhost',
    signUp: 'open' as const,
    allowPlain: false,
    tlsCert: undefined,
    tlsKey: undefined,
    rateFactor: 0.001, // one connection of a network, two sockets
  };
  const sockets: Socket[] = [];
  let listener: Listener | undefined;
  const openTo = (trustProxy: boolean): Promise<string> => {
    listener = new Listener(gateway.hub, { ...settings, trustProxy });
    return listener.listen();
  };
  const another = async (url: string): Promise<Socket> => {
    const socket = await socketTo(url);
    sockets.push(socket);
    return socket;
  };
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    listener?.close();
    listener = undefined;
  });

  test('have a bound for a network, twice that of connections; one more is let go unread, until one has closed', async () => {
    const url = await openTo(false);
    const [first, second] = [await another(url), await another(url)];
    await closed(await another(url));
    expect(await asked(second)).toBe('HTTP/1.1 200 OK');
    first.destroy();
    let answer: string | undefined;
    while (!answer) answer = await asked(await another(url)); // the server hears of the end a moment later
    expect(answer).toBe('HTTP/1.1 200 OK');
  });

  test('have none behind a proxy, because all come from there', async () => {
    const url = await openTo(true);
    const all = [await another(url), await another(url), await another(url), await another(url)];
    expect(new Set(await Promise.all(all.map(asked)))).toEqual(new Set(['HTTP/1.1 200 OK']));
  });

  test('are closed if no whole head of a request comes, of itself', async () => {
    const [silent, slow] = [await socketTo(gateway.url), await socketTo(gateway.url)];
    slow.write('GET / HTTP/1.1\r\nHost: parley\r\n');
    await Promise.all([closed(silent), closed(slow)]);
  });
});
