import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { MongoNetworkError } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { MIB } from '#protocol/limits.ts';
import './mongo-driver.ts';

/** The driver's own, as far as it is used here. */
type Connection = NodeJS.EventEmitter & {
  command(namespace: { readonly db: string }, command: object, options: object): Promise<unknown>;
  destroy(): void;
};
type Connections = new (socket: Socket, options: object) => Connection;
const { Connection } = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js') as { Connection: Connections };

const NAMESPACE = { db: 'admin' };

/** A connection to a server that takes what comes as far as its buffers go, and says nothing. */
async function connection() {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [far] = await accepted;
  onTestFinished(() => [socket, far].forEach((each) => void each.destroy()));
  return { socket, connection: new Connection(socket, { id: 1, generation: 0, hostAddress: {} }) };
}

test('a command on a connection that is just ending fails, and so it may be tried again', async () => {
  const { socket, connection: ending } = await connection();
  socket.destroy(); // which is known to the connection only in the next round of the loop
  await expect(ending.command(NAMESPACE, { ping: 1 }, {})).rejects.toBeInstanceOf(MongoNetworkError);
  expect(ending.listenerCount('close')).toBe(0);
});

test('a command of which a part waits to be written fails when its connection ends', async () => {
  const { connection: ending } = await connection();
  const failed = expect(ending.command(NAMESPACE, { ping: Buffer.alloc(15 * MIB) }, {})).rejects.toThrow('closed');
  await setImmediate();
  ending.destroy();
  await failed;
});
