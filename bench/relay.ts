// The limit that the product is compared with: a WebSocket relay as anybody would write it, without durability, sessions, checks or
// receipts of its own. It hands the very frames of the product from one client to the other.
//   /pair/N/a and /pair/N/b   each frame of one goes to the other
//   /store                    each frame is answered with an `ok` and kept in memory for the address in its first slot
//   /take/ADDRESS             at its first frame is sent all that was kept for the address, then `synced`
//   /member/ADDRESS           each `send` is answered with an `ok` and goes to all who have a slot in it, to each as a `deliver` of their own
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A connection, and the deliveries that it had. */
type Member = { readonly websocket: WebSocket; n: number };
/** As a client of the product sends it. */
type Send = {
  readonly type: string;
  readonly id: number;
  readonly group: string;
  readonly header: string;
  readonly body: string;
  readonly slots: readonly { readonly to: string; readonly slot: string }[];
};

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
const members = new Map<string, Member>();
/** Messages of each group so far. */
const numbers = new Map<string, number>();

server.on('listening', () => {
  // listening on a port, never on a pipe
  process.stdout.write(`Relay listens on ws://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});

server.on('connection', (websocket, { url = '' }) => {
  const [, what, name = '', side] = url.split('/');
  if (what === 'store') store(websocket);
  else if (what === 'take') take(websocket, name);
  else if (what === 'member') member(websocket, name);
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

function member(websocket: WebSocket, address: string): void {
  members.set(address, { websocket, n: 0 });
  websocket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Send; // or an ack, which has no more than its type
    if (frame.type === 'send') broadcast(websocket, frame);
  });
}

function broadcast(from: WebSocket, { id, group, header, body, slots }: Send): void {
  const number = (numbers.get(group) ?? 0) + 1;
  numbers.set(group, number);
  const receivedAt = Date.now();
  from.send(`{"type":"ok","re":${id},"receivedAt":${receivedAt}}`);
  const shared = `"header":"${header}","body":"${body}","receivedAt":${receivedAt},"group":{"name":"${group}","number":${number}}}`;
  for (const { to, slot } of slots) {
    const recipient = members.get(to);
    if (!recipient) continue;
    recipient.n += 1;
    recipient.websocket.send(`{"type":"deliver","n":${recipient.n},"slot":"${slot}",${shared}`);
  }
}
