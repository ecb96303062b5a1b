// A network between a test and a real server that can be cut, so that "the server is away" does not take it from other tests.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { testPorts } from './ports.fixture.ts';

export type Cut = {
  /** The server's URL with this network's port in the place of its own. */
  readonly url: string;
  /** Ends every connection, and refuses new ones until `mend`. */
  cut(): Promise<void>;
  /** From now on nothing passes, and nothing ends: as if the server were frozen. Until `mend`. */
  freeze(): void;
  mend(): Promise<void>;
  /** Says something to every client, in the server's name. What the server says itself must not be in the middle of something. */
  say(bytes: Uint8Array): void;
  close(): Promise<void>;
};

/** A network to the server of this URL; it begins whole. */
export async function openCut(serverUrl: string): Promise<Cut> {
  const url = new URL(serverUrl);
  const target = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(target);
    clients.add(near);
    near.once('close', () => clients.delete(near));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => to.write(data)).on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (frozen) from.pause();
    }
  });
  const port = await testPorts(1);
  const listen = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen();
  url.port = String(port);
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return {
    url: url.href,
    cut,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    async mend() {
      frozen = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen();
    },
    say(bytes) {
      for (const client of clients) client.write(bytes);
    },
    close: cut,
  };
}
