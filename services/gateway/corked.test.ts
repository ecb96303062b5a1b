import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { corkForTick } from './corked.ts';

/** Both ends of a connection on this machine. */
async function pair(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const near = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
  const [far] = await once(server, 'connection');
  await (near.connecting ? once(near, 'connect') : undefined);
  const close = (): void => {
    near.destroy();
    far.destroy();
    server.close();
  };
  return { near, far, close };
}

test('what is written in one tick leaves at its end, in order and as one', async () => {
  const { near, far, close } = await pair();
  const came: string[] = [];
  far.setEncoding('utf8').on('data', (text: string) => came.push(text));
  for (let i = 0; i < 3; i += 1) {
    corkForTick(near);
    near.write(`${i}`);
  }
  expect(near.writableLength).toBe(3);
  await once(far, 'data');
  expect(came).toEqual(['012']);
  expect(near.writableLength).toBe(0);
  corkForTick(near);
  near.write('3');
  await once(far, 'data');
  expect(came.join('')).toBe('0123');
  close();
});

test('a socket that ends meanwhile does not hold back the others', async () => {
  const [gone, stays] = [await pair(), await pair()];
  corkForTick(gone.near);
  gone.near.write('x');
  corkForTick(stays.near);
  stays.near.write('y');
  gone.near.destroy();
  const [data] = await once(stays.far, 'data');
  expect(String(data)).toBe('y');
  gone.close();
  stays.close();
});
