import { beforeEach, describe, expect, it } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import type { Push } from '#protocol/frames/server.ts';
import { type Closed, type Connection, openConnection } from './connection.ts';
import { FakeTime, type FakeWire, fakeTransport, settle } from './test/wires.ts';

const PROOF = {
  address: 'al@localhost',
  device: `${'A'.repeat(43)}=`,
  number: 1,
  nonce: `${'A'.repeat(22)}==`,
  signature: `${'A'.repeat(86)}==`,
  receive: true,
};
const SEND = { header: '', body: '', slots: [] };

let time: FakeTime;
let pushes: Push[];
let ends: Closed[];

beforeEach(() => {
  time = new FakeTime();
  pushes = [];
  ends = [];
});

function opening(): { wire: FakeWire; connection: Promise<Connection> } {
  const { transport, wires } = fakeTransport();
  const handlers = { push: (frame: Push) => void pushes.push(frame), closed: (why: Closed) => void ends.push(why) };
  const connection = openConnection('ws://x', { transport, clock: time, timers: time }, handlers);
  const wire = wires[0];
  if (wire === undefined) throw new Error('no connection was tried');
  return { wire, connection };
}

async function challenged(): Promise<{ wire: FakeWire; connection: Connection }> {
  const { wire, connection } = opening();
  wire.challenge();
  return { wire, connection: await connection };
}

async function ready(): Promise<{ wire: FakeWire; connection: Connection }> {
  const both = await challenged();
  const session = both.connection.authenticate(PROOF);
  both.wire.push({ type: 'ok', re: both.wire.lastId() });
  await session;
  return both;
}

describe('a connection before its session', () => {
  it('opens with the challenge', async () => {
    const { connection } = await challenged();
    expect(connection.state).toBe('challenged');
    expect(connection.challenge.domain).toBe('localhost');
  });

  it('gives up a server that does not speak within 10 s', async () => {
    const { wire, connection } = opening();
    time.pass(10_000);
    await expect(connection).rejects.toThrow(Unavailable);
    expect(wire.ended).toBe('terminated');
    expect(ends).toEqual([]);
  });

  it('says why it could not connect', async () => {
    const { wire, connection } = opening();
    wire.drop(1006, 'connect ECONNREFUSED');
    await expect(connection).rejects.toThrow('ECONNREFUSED');
  });

  it('refuses messages and pushes', async () => {
    const { wire, connection } = await challenged();
    await expect(connection.send(SEND)).rejects.toThrow('no session');
    wire.push({ type: 'synced' });
    expect(connection.state).toBe('closed');
    expect(ends[0]?.code).toBe(4200);
    expect(pushes).toEqual([]);
  });

  it.each([
    [
      'an error',
      (wire: FakeWire) =>
        wire.push({ type: 'error', re: wire.lastId(), code: 'bad_signature', message: 'no', retry: false }),
    ],
    ['an answer that is none', (wire: FakeWire) => wire.push({ type: 'ok', re: 'x' })],
    ['silence', () => time.pass(10_000)],
    ['a close', (wire: FakeWire) => wire.drop(1006)],
    ['a second challenge', (wire: FakeWire) => wire.challenge()],
    ['a push', (wire: FakeWire) => wire.push({ type: 'synced' })],
  ])('has no way from %s during authentication to a session', async (_name, fail) => {
    const { wire, connection } = await challenged();
    const session = connection.authenticate(PROOF);
    const id = wire.lastId();
    fail(wire);
    await expect(session).rejects.toThrow();
    expect(connection.state).toBe('closed');
    wire.push({ type: 'ok', re: id });
    expect(connection.state).toBe('closed');
    await expect(connection.authenticate(PROOF)).rejects.toThrow('cannot begin');
    await expect(connection.send(SEND)).rejects.toThrow();
    expect(ends).toHaveLength(1);
  });
});

describe('requests', () => {
  it('are matched with their answers in any order', async () => {
    const { wire, connection } = await challenged();
    const first = connection.ask('log.get', { address: 'al@localhost', after: 0 });
    const firstId = wire.lastId();
    const second = connection.ask('signup.start', { address: 'al@localhost', request: 'AA' });
    wire.push({ type: 'ok', re: wire.lastId(), registration: `${'A'.repeat(22)}==`, response: 'BB', later: 'ignored' });
    wire.push({ type: 'ok', re: firstId, entries: [], length: 3 });
    expect(await first).toEqual({ entries: [], length: 3 });
    expect((await second).response).toBe('BB');
  });

  it('fail with the code and sentence of an error', async () => {
    const { wire, connection } = await challenged();
    const asked = connection.ask('log.get', { address: 'al@localhost', after: 0 });
    wire.push({ type: 'error', re: wire.lastId(), code: 'busy', message: 'Later.', retry: true, retryAfterMs: 500 });
    await expect(asked).rejects.toMatchObject({ code: 'busy', message: 'Later.', retryAfterMs: 500 });
    expect(connection.state).toBe('challenged');
  });

  it('time out after 10 s; an answer after that is nobody’s', async () => {
    const { wire, connection } = await challenged();
    const asked = connection.ask('log.get', { address: 'al@localhost', after: 0 });
    const id = wire.lastId();
    time.pass(9_999);
    wire.heard();
    time.pass(1);
    await expect(asked).rejects.toThrow('in time');
    wire.push({ type: 'ok', re: id, entries: [], length: 3 });
    expect(connection.state).toBe('challenged');
  });

  it('close the connection when their answer has another form', async () => {
    const { wire, connection } = await challenged();
    const asked = connection.ask('log.get', { address: 'al@localhost', after: 0 });
    wire.push({ type: 'ok', re: wire.lastId(), entries: 'x', length: 3 });
    await expect(asked).rejects.toThrow(Unavailable);
    expect(connection.state).toBe('closed');
  });

  it('that were never made cannot be answered', async () => {
    const { wire, connection } = await challenged();
    wire.push({ type: 'ok', re: 77 });
    expect(connection.state).toBe('closed');
  });

  it.each(['{', '[]', '"x"', '{"type":"nonsense"}', '{"type":"deliver","n":0}', ''])(
    'a frame %j of the server closes the connection and no more',
    async (text) => {
      const { wire, connection } = await ready();
      wire.pushText(text);
      expect(connection.state).toBe('closed');
      expect(ends).toHaveLength(1);
    },
  );
});

describe('a session', () => {
  it('hands pushes over in order, also those that come with its ok', async () => {
    const { wire, connection } = await challenged();
    const session = connection.authenticate(PROOF);
    wire.push({ type: 'ok', re: wire.lastId() });
    wire.push({ type: 'synced' });
    await session;
    wire.push({ type: 'log', address: 'al@localhost', length: 2 });
    expect(pushes.map((push) => push.type)).toEqual(['synced', 'log']);
  });

  it('never times a message out; it fails when the connection ends', async () => {
    const { wire, connection } = await ready();
    const sent = connection.send(SEND);
    const outcome = sent.catch((error: unknown) => error);
    for (let s = 0; s < 600; s += 10) {
      time.pass(10_000);
      wire.heard();
    }
    expect(connection.state).toBe('ready');
    wire.drop(4001, 'go elsewhere');
    expect(await outcome).toBeInstanceOf(Unavailable);
    expect(ends).toEqual([{ code: 4001, reason: 'go elsewhere' }]);
    expect(time.waiting).toBe(0);
  });

  it('pings a silent server and gives it up after 45 s', async () => {
    const { wire, connection } = await ready();
    time.pass(15_000);
    expect(wire.last.type).toBe('ping');
    time.pass(29_999);
    expect(connection.state).toBe('ready');
    time.pass(1);
    expect(connection.state).toBe('closed');
    expect(wire.ended).toBe('terminated');
    expect(ends[0]?.code).toBe(4002);
    expect(wire.sent.filter((frame) => frame.type === 'ping')).toHaveLength(1);
  });

  it('stays as long as the server answers pings', async () => {
    const { wire, connection } = await ready();
    for (let round = 0; round < 20; round++) {
      time.pass(15_000);
      wire.push({ type: 'ok', re: wire.lastId() });
      await settle();
    }
    expect(connection.state).toBe('ready');
  });
});
