// The limit that the product is compared with: a WebSocket relay as anybody would write it, without durability, sessions, checks or
// receipts of its own. It hands the very frames of the product from one client to the other.
//   /pair/N/a and /pair/N/b   each frame of one goes to the other
//   /store                    each frame is answered with an `ok` and kept in memory for the address in its first slot
//   /take/ADDRESS             at its first frame is sent all that was kept for the address, then `synced`
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

const FIRST_DIGIT = '{"type":"send","id":'.length;
const SLOT_ADDRESS = '"slots":[{"to":"';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  handleProtocols: ([first]) => first ?? false,
});
const waiting = new Map<string, WebSocket>();
const kept = new Map<string, Buffer[]>();

server.on('listening', () => {
  // listening on a port, never on a pipe
  process.stdout.write(`Relay listens on ws://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});

server.on('connection', (websocket, { url = '' }) => {
  const [, what, name = '', side] = url.split('/');
  if (what === 'store') store(websocket);
  else if (what === 'take') take(websocket, name);
  else pair(websocket, name, side === 'a' ? 'b' : 'a', side ?? '');
});

function pair(websocket: WebSocket, name: string, other: string, side: string): void {
  const partner = waiting.get(`${name} ${other}`);
  if (!partner) return void waiting.set(`${name} ${side}`, websocket);
  websocket.on('message', (data) => partner.send(data, { binary: false }));
  partner.on('message', (data) => websocket.send(data, { binary: false }));
}

function store(websocket: WebSocket): void {
  websocket.on('message', (data: Buffer) => {
    const id = data.toString('latin1', FIRST_DIGIT, data.indexOf(',', FIRST_DIGIT));
    const begin = data.indexOf(SLOT_ADDRESS) + SLOT_ADDRESS.length;
    const address = data.toString('latin1', begin, data.indexOf('"', begin));
    const frames = kept.get(address);
    if (frames) frames.push(data);
    else kept.set(address, [data]);
    websocket.send(`{"type":"ok","re":${id},"receivedAt":${Date.now()}}`);
  });
}

function take(websocket: WebSocket, address: string): void {
  websocket.once('message', () => {
    for (const frame of kept.get(address) ?? []) websocket.send(frame, { binary: false });
    kept.delete(address);
    websocket.send('{"type":"synced"}');
  });
}
