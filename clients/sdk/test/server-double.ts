// A server in memory whose every lie a test chooses: it keeps the protocol as long as `lies` is empty, so that what a client does
// about a malicious server can be told from what it does anyhow. Nothing is durable and nothing is checked that a client must check.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { encodeConversation } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { decodeHeader, messageHash } from '#protocol/envelope.ts';
import { RequestError } from '#protocol/errors.ts';
import { type ClientFrame, type ClientFrameOf, clientFrame, type Request } from '#protocol/frames/client.ts';
import type { NoticeBody, ServerFrameOf } from '#protocol/frames/server.ts';
import { GROUP_PROOFS_MAX_MEMBERS } from '#protocol/limits.ts';
import type { Log } from '../pins.ts';
import { AccountsDouble } from './account-double.ts';
import { BlobsDouble } from './blobs-double.ts';
import { type GroupLog, GroupsDouble } from './group-double.ts';
import type { Lies, Stored } from './lies.ts';

export type { Stored } from './lies.ts';

type Session = {
  readonly address: string;
  readonly device: string;
  readonly receive: boolean;
  n: number;
  unacked: Map<number, Stored>;
};

export class ServerDouble {
  readonly lies: Lies = {};
  readonly accounts: AccountsDouble;
  readonly groups = new GroupsDouble();
  readonly files = new BlobsDouble();
  /** What waits for each device. */
  readonly boxes = new Map<string, Stored[]>();
  /** Every message that came, in order. */
  readonly sends: ClientFrameOf<'send'>[] = [];
  /** What it was asked and told of presence, in order. */
  readonly presence: ClientFrameOf<'presence.set' | 'presence.watch' | 'typing'>[] = [];
  readonly domain: string;
  readonly #http: Server;
  readonly #server: WebSocketServer;
  readonly #sessions = new Map<WebSocket, Session>();
  readonly #taken = new Set<string>();

  private constructor(http: Server, accounts: AccountsDouble, domain: string) {
    const server = new WebSocketServer({ server: http, handleProtocols: () => 'parley.v1' });
    this.#http = http;
    this.#server = server;
    http.on('request', (request, response) => void this.files.answer(request, response));
    this.accounts = accounts;
    this.domain = domain;
    server.on('connection', (socket) => this.#greet(socket));
  }

  static async start(domain = 'localhost'): Promise<ServerDouble> {
    const accounts = await AccountsDouble.make(domain);
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new ServerDouble(http, accounts, domain);
  }

  get url(): string {
    // A server on a port, not on a path.
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Closes every connection with this code; new ones are taken. */
  dropAll(code = 4001, reason = 'go elsewhere'): void {
    for (const socket of this.#server.clients) socket.close(code, reason);
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Puts an item into a device's box, as if somebody had sent it. */
  give(device: string, item: Stored): void {
    const box = this.boxes.get(device) ?? [];
    this.boxes.set(device, box);
    box.push(item);
    for (const [socket, session] of this.#sessions) {
      if (session.receive && session.device === device) this.#hand(socket, session, item);
    }
  }

  /** Pushes to all sessions of an address. */
  push(address: string, frame: ServerFrameOf<'presence' | 'typing'>): void {
    for (const [socket, session] of this.#sessions) if (session.address === address) say(socket, frame);
  }

  #greet(socket: WebSocket): void {
    const nonce = encodeBase64(new Uint8Array(32).fill(7));
    const { serverKey } = this.accounts;
    const said = { nonce, domain: this.domain, serverKey, signUp: 'open', time: Date.now() };
    say(socket, { type: 'challenge', ...said, ...this.lies.challenge });
    socket.on('message', (data) => this.#hear(socket, clientFrame.parse(JSON.parse(String(data)))));
    socket.on('close', () => this.#sessions.delete(socket));
  }

  #hear(socket: WebSocket, frame: ClientFrame): void {
    if (frame.type === 'ack') return this.#ack(socket, frame);
    if (frame.type === 'typing') return void this.presence.push(frame);
    const id = frame.id;
    try {
      const answer = this.#answer(socket, frame);
      if (frame.type === 'send' && this.lies.silent?.(frame)) return;
      if (frame.type === 'account.delete' && this.lies.closesFirst) return;
      if (frame.type === 'group.append' && this.lies.forgetsAnswer?.(frame)) return socket.close(4001, 'go elsewhere');
      say(socket, { type: 'ok', re: id, ...answer });
      if (frame.type === 'session' && frame.receive) this.#drain(socket);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      say(socket, {
        type: 'error',
        re: id,
        code: error.code,
        message: this.lies.sentence ?? error.message,
        retry: error.retry,
        retryAfterMs: this.lies.retryAfterMs ?? 1,
      });
    }
  }

  #answer(socket: WebSocket, frame: Request): object {
    switch (frame.type) {
      case 'signup.start':
        if (this.accounts.has(frame.address)) throw new RequestError('name_taken');
        return this.accounts.registration(frame.request);
      case 'signup.finish':
        this.accounts.create(frame);
        return {};
      case 'password.start':
        return this.accounts.registration(frame.request);
      case 'password.finish': {
        const { address } = this.#session(socket);
        this.accounts.changePassword(address, frame);
        return this.#append(address, frame.entry);
      }
      case 'login.start':
        return this.accounts.startLogin(frame);
      case 'login.finish': {
        const vault = this.accounts.finishLogin(frame);
        const log = this.#shown(frame.address);
        return { vault, entries: log.slice(0, 64), length: log.length };
      }
      case 'session': {
        const { address, device, receive } = frame;
        if (!this.accounts.has(address)) throw new RequestError('unknown_user');
        const revoked = !this.accounts.devices(address).includes(device) && !this.lies.keepsRevoked;
        if (revoked || this.lies.revoked?.(device)) throw new RequestError('device_revoked');
        this.#sessions.set(socket, { address, device, receive, n: 0, unacked: new Map() });
        return {};
      }
      case 'log.get': {
        const log = this.#shown(frame.address);
        return { entries: log.slice(frame.after, frame.after + 64), length: Math.max(1, log.length) };
      }
      case 'log.append':
        return this.#append(frame.address, frame.entry);
      case 'devices.used':
        return { used: this.lies.used?.() ?? [] };
      case 'account.delete':
        this.accounts.delete(this.#session(socket).address);
        if (this.lies.closesFirst) socket.close(4204, 'The account was deleted.');
        return {};
      case 'group.append':
        return this.#appendToGroup(frame);
      case 'group.get': {
        const { address } = this.#session(socket);
        const group = this.groups.shown(frame.name, address);
        return this.groups.page(group, this.#shownLog(frame.name, group.log, address), frame.after);
      }
      case 'group.state': {
        const { address } = this.#session(socket);
        const group = this.groups.shown(frame.name, address);
        const log = this.#shownLog(frame.name, group.log, address);
        const answer = this.groups.state(group, log, address, frame.at);
        return this.lies.groupState?.(answer, address) ?? answer;
      }
      case 'group.list': {
        const { address } = this.#session(socket);
        const answer = this.groups.list(address, frame.own);
        return this.lies.groupList?.(answer, address) ?? answer;
      }
      case 'presence.set':
      case 'presence.watch': {
        this.presence.push(frame);
        const refusal = this.lies.refusePresence?.();
        if (refusal !== undefined) throw new RequestError(refusal);
        return {};
      }
      case 'blob.put':
        return this.files.ticket('put', frame.blob, frame.size);
      case 'blob.get':
        return this.files.ticket('get', frame.blob);
      case 'ping':
        return {};
      case 'send':
        return this.#send(socket, frame);
    }
  }

  #send(socket: WebSocket, frame: ClientFrameOf<'send'>): object {
    const refusal = this.lies.refuse?.(frame);
    if (refusal !== undefined) throw new RequestError(refusal);
    const { address: from, device: mine } = this.#session(socket);
    const placed = frame.group === undefined ? undefined : this.#place(frame.group, frame);
    this.sends.push(frame);
    const receivedAt = Date.now();
    const { header, body } = frame;
    for (const { device, slot } of frame.slots) {
      this.give(device, { type: 'deliver', header, body, slot, receivedAt, ...(placed && { group: placed.at }) });
    }
    if (placed !== undefined) return { receivedAt, number: placed.at.number, mh: placed.mh };
    const had = new Set(
      this.sends.filter(({ body }) => body === frame.body).flatMap(({ slots }) => slots.map(({ device }) => device)),
    );
    const stale = [...new Set([from, ...frame.slots.map(({ to }) => to)])].filter((address) =>
      this.accounts.devices(address).some((device) => device !== mine && !had.has(device)),
    );
    return { receivedAt, ...(stale.length > 0 ? { stale } : {}), ...(this.lies.stale && { stale: this.lies.stale }) };
  }

  #place(name: string, { header, body, slots }: ClientFrameOf<'send'>) {
    const [fields, bytes] = [decodeBase64(header), decodeBase64(body)];
    const uses = (address: string) => this.accounts.devices(address);
    const mh = encodeBase64(messageHash(fields, bytes));
    const { number, ...taken } = this.groups.take(name, { header: decodeHeader(fields), mh, to: slots, uses });
    return { mh: taken.mh, at: { name, number } };
  }

  #appendToGroup(frame: ClientFrameOf<'group.append'>): object {
    const { name, entries } = frame;
    const refusal = this.lies.refuseEntries?.(frame);
    if (refusal !== undefined) throw new RequestError(refusal);
    const { group, number, to } = this.groups.append(name, entries);
    const item: Stored = { type: 'entries', name, group: group.group, number, entries, receivedAt: Date.now() };
    for (const device of to.flatMap((address) => this.accounts.devices(address))) this.give(device, item);
    return { number };
  }

  #shownLog(name: string, log: GroupLog, asker: string): GroupLog {
    return this.lies.groupLog?.(name, log, asker) ?? log;
  }

  #ack(socket: WebSocket, { upTo, tags }: ClientFrameOf<'ack'>): void {
    const session = this.#session(socket);
    for (const [n, item] of session.unacked) {
      if (n > upTo) continue;
      session.unacked.delete(n);
      const box = this.boxes.get(session.device);
      const place = box?.indexOf(item) ?? -1;
      if (place >= 0) box?.splice(place, 1);
      if (item.type === 'deliver') this.#notify(item, session, tags.find(([tagged]) => tagged === n)?.[1]);
    }
  }

  #notify(item: Stored & { type: 'deliver' }, { address: by, device }: Session, tag: string | undefined): void {
    // Nobody is told of an item that this server made up.
    if (!this.sends.some(({ header }) => header === item.header)) return;
    const header = decodeHeader(decodeBase64(item.header));
    const id = encodeBase64(header.id);
    if (header.sender === by || this.#taken.has(`${id} ${by}`)) return;
    this.#taken.add(`${id} ${by}`);
    const entry = { id, device, ...(tag === undefined ? {} : { tag }) };
    const conversation = encodeBase64(encodeConversation(header.conversation));
    const notice: NoticeBody =
      header.conversation.kind === 'direct'
        ? { kind: 'delivered', conversation, by, entries: [entry], more: 0 }
        : this.groups.personsOf(header) <= GROUP_PROOFS_MAX_MEMBERS
          ? { kind: 'group.delivered', conversation, entries: [{ ...entry, by }] }
          : { kind: 'group.counted', conversation, entries: [{ id, delivered: 1, expired: 0, refused: 0 }] };
    for (const to of this.accounts.devices(header.sender)) this.give(to, { type: 'notice', notice });
  }

  #drain(socket: WebSocket): void {
    const session = this.#session(socket);
    for (const item of [...(this.boxes.get(session.device) ?? [])]) this.#hand(socket, session, item);
    say(socket, { type: 'synced' });
  }

  #hand(socket: WebSocket, session: Session, item: Stored): void {
    for (const handed of this.lies.hand?.(item, session.device) ?? [item]) {
      session.n += 1;
      session.unacked.set(session.n, handed === item ? item : handed);
      say(socket, { n: session.n, ...handed });
    }
  }

  #append(address: string, entry: Log[number]): object {
    this.accounts.append(address, entry);
    const devices = new Set(this.accounts.devices(address));
    for (const [socket, session] of this.#sessions) {
      if (session.address !== address) continue;
      if (this.lies.quiet && devices.has(session.device)) continue;
      const stays = this.lies.keepsRevoked || devices.has(session.device);
      if (stays) say(socket, { type: 'log', address, length: this.accounts.log(address).length });
      else socket.close(4203, 'This device was revoked.');
    }
    return {};
  }

  #shown(address: string): Log {
    const log = this.accounts.log(address);
    return this.lies.log?.(address, log) ?? log;
  }

  #session(socket: WebSocket): Session {
    const session = this.#sessions.get(socket);
    if (session === undefined) throw new RequestError('not_signed_in');
    return session;
  }
}

function say(socket: WebSocket, frame: object): void {
  socket.send(JSON.stringify(frame));
}
