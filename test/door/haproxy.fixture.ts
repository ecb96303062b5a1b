// HAProxy with the stack's configuration, in front of what says that it is a gateway or a delivery and notes what comes through.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type DeliveryPorts, Haproxy, missingHaproxy } from '../../bench/haproxy.ts';

/** Key and answer are those of RFC 6455's example: HAProxy checks them. */
export const UPGRADE =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const ACCEPT = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';
const MANY = 1_000;

/** Where servers were promised, it must be there. */
export const isHaproxyAbsent = missingHaproxy() !== undefined && process.env.REQUIRE_SERVICES !== '1';

/** A server of this test, on any free port. */
async function listening(answer: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer(answer);
  server.on('connection', (socket) => sockets.add(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port }; // a port, never a pipe
}

const healthy: RequestListener = (request, response) => {
  response.writeHead(request.url === '/readyz' ? 200 : 404).end();
};

/** HAProxy in front of one gateway, which takes each upgrade and notes its headers, and of one delivery for each of `deliveries`, which answer files. */
export async function door({
  networkConnections = MANY,
  deliveries = [],
}: {
  readonly networkConnections?: number;
  readonly deliveries?: readonly RequestListener[];
} = {}) {
  const upgrades: { url: string | undefined; forwarded: IncomingMessage['headers'][string] }[] = [];
  const gateway = await listening(healthy);
  gateway.server.on('upgrade', (request, socket) => {
    upgrades.push({ url: request.url, forwarded: request.headers['x-forwarded-for'] });
    socket.on('error', () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${ACCEPT}\r\n`);
  });
  const ports: DeliveryPorts[] = [];
  for (const answer of deliveries)
    ports.push({ files: (await listening(answer)).port, health: (await listening(healthy)).port });
  const haproxy = await Haproxy.start([`ws://127.0.0.1:${gateway.port}`], { networkConnections, deliveries: ports });
  onTestFinished(() => haproxy.end());
  return { port: Number(new URL(haproxy.url).port), upgrades };
}

/** The first line that comes back; '' if the connection is closed without a word. */
export function answerTo(port: number, text: string, localAddress = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.write(text));
    onTestFinished(() => void socket.destroy());
    socket.once('data', (data) => resolve(data.toString().split('\r\n')[0] ?? ''));
    socket.on('error', () => resolve('')).once('close', () => resolve(''));
  });
}
