// Frames that are wrong in every way, and ten thousand that are right. A real server process; the witness is a connection that must not notice.
import { beforeAll, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { CLIENT_FRAME_MAX_BYTES, DOOR_FRAME_MAX_BYTES, DOOR_REFUSED_FRAMES_MAX } from '#protocol/limits.ts';
import { Wire } from '../wire.fixture.ts';
import { random64, WirePerson } from '../wire-person.fixture.ts';
import { openDoor, watch } from './door.fixture.ts';

const door = openDoor();
watch(door);
let al: WirePerson;
let bo: WirePerson;

beforeAll(async () => {
  al = await WirePerson.signedUp(door.url, 'al@localhost');
  bo = await WirePerson.signedUp(door.url, 'bo@localhost');
});

/** Measured, 13 s on a busy machine. */
const TEN_THOUSAND_MAX_MS = 240_000;

/** What an attacker puts in place of a text. */
const WRONG = [null, 0, true, '', [], {}, { $gt: '' }, { $ne: null }, [{ $regex: '.' }], -1, 1.5];
const without = (object: object, key: string) => Object.fromEntries(Object.entries(object).filter(([k]) => k !== key));

describe('a frame that is wrong', () => {
  test('in any field of signing in logs nobody in', async () => {
    let wire = await Wire.open(door.url);
    const frames = [
      { type: 'session', ...al.sessionFields(wire) },
      { type: 'login.start', address: al.address, request: 'AAAA' },
      { type: 'login.finish', address: al.address, login: random64(16), finish: 'AAAA' },
    ];
    for (const frame of frames) {
      for (const field of Object.keys(frame)) {
        const wrong = WRONG.map((value) => ({ ...frame, [field]: value }));
        for (const mutant of [without(frame, field), ...wrong]) {
          if (field === 'receive' && Reflect.get(mutant, field) === true) continue; // the right type
          const id = wire.nextId();
          wire.send({ id, ...mutant });
          expect(await wire.answer(id), JSON.stringify(mutant)).toMatchObject({ code: 'bad_request', retry: false });
          if (id + 1 < DOOR_REFUSED_FRAMES_MAX) continue;
          await wire.close();
          wire = await Wire.open(door.url);
        }
      }
    }
    expect(await wire.refusal({ type: 'log.get', address: al.address, after: 0 })).toBe('not_signed_in');
    await wire.close();
  });

  test('in its id, or without one, or not JSON, or binary, closes the connection with 4200', async () => {
    const messages = [
      ...[null, 0, -1, 1.5, '1', 2 ** 53, {}, []].map((id) => JSON.stringify({ type: 'ping', id })),
      ...['{"type":"ping"}', '', 'null', '1', '[]', '{', 'EHLO localhost', '{"id":1}}', '[{"type":"ping","id":1}]'],
      Buffer.from(JSON.stringify({ type: 'ping', id: 1 })),
    ];
    for (const message of messages) {
      const wire = await Wire.open(door.url);
      wire.send(message);
      expect(await wire.closed, String(message)).toEqual(CLOSE.protocolError);
      expect(wire.seen).toHaveLength(1); // the challenge
    }
  });

  test('as text that is no UTF-8, or not masked, closes the connection with 4200', async () => {
    for (const bytes of [
      [0x81, 0x81, 0, 0, 0, 0, 0xff],
      [0x81, 0x01, 0x20],
    ]) {
      const wire = await Wire.open(door.url);
      wire.socket.write(Buffer.from(bytes));
      expect((await wire.closed).code).toBe(CLOSE.protocolError.code);
    }
  });

  test('because it is too large closes the connection with 4201, in one piece or in many', async () => {
    const wire = await al.session(door.url, { receive: false });
    wire.send('x'.repeat(CLIENT_FRAME_MAX_BYTES + 1));
    expect(await wire.closed).toEqual(CLOSE.tooLarge);
    const other = await al.session(door.url, { receive: false });
    const piece = 'x'.repeat(CLIENT_FRAME_MAX_BYTES / 8);
    for (let sent = 0; sent <= 8; sent += 1) other.websocket.send(piece, { fin: false });
    expect(await other.closed).toEqual(CLOSE.tooLarge);
  });

  test('because it comes in too many pieces closes the connection with 4200, however small they are', async () => {
    const wire = await al.session(door.url, { receive: false });
    for (let sent = 0; sent < 1_000; sent += 1) wire.websocket.send('', { fin: false });
    expect(await wire.closed).toEqual(CLOSE.protocolError);
  });

  test('because it is too large for a stranger closes the connection with 4201, unread', async () => {
    const wire = await Wire.open(door.url);
    const frame = JSON.stringify({ type: 'ping', id: 1 });
    wire.send(frame.padEnd(DOOR_FRAME_MAX_BYTES));
    expect(await wire.answer(1)).toMatchObject({ type: 'ok' });
    wire.send(frame.padEnd(DOOR_FRAME_MAX_BYTES + 1));
    expect(await wire.closed).toEqual(CLOSE.tooLarge);
    expect(wire.seen).toHaveLength(2); // the challenge and the first answer
  });

  test('of which a stranger sends a part alone is kept no longer than a stranger may need', async () => {
    const wire = await Wire.open(door.url);
    const piece = 'x'.repeat(2 * DOOR_FRAME_MAX_BYTES);
    for (let sent = 0; sent < 4; sent += 1) wire.websocket.send(piece, { fin: false });
    expect(await wire.closed).toEqual(CLOSE.tooLarge);
    const known = await al.session(door.url, { receive: false });
    for (let sent = 0; sent < 4; sent += 1) known.websocket.send(piece, { fin: false });
    known.websocket.send('', { fin: true });
    expect(await known.closed).toEqual(CLOSE.protocolError); // all of it was read, and is no JSON
  });

  test('again and again, before any session, closes the connection with 4200; in a session so few do not', async () => {
    const stranger = await Wire.open(door.url);
    const known = await al.session(door.url, { receive: false });
    for (const wire of [stranger, known]) {
      const ids = Array.from({ length: DOOR_REFUSED_FRAMES_MAX }, () => wire.nextId());
      for (const id of ids) wire.send({ type: 'nonsense', id });
      for (const id of ids) expect(await wire.answer(id)).toMatchObject({ code: 'bad_request' });
    }
    expect(await stranger.closed).toEqual(CLOSE.protocolError);
    await known.ok({ type: 'ping' });
    await known.close();
  });

  test('because it has a field too many is refused, whatever the field is called', async () => {
    const wire = await al.session(door.url, { receive: false });
    for (const name of ['from', 'sender', 'session', 'constructor', '$where', 'x'.repeat(100_000)]) {
      const id = wire.nextId();
      wire.send({ type: 'ping', id, [name]: 'bo@localhost' });
      const answer = await wire.answer(id);
      expect(answer).toMatchObject({ code: 'bad_request' });
      expect(JSON.stringify(answer).length).toBeLessThan(1_000);
    }
    const id = wire.nextId();
    wire.send(`{"type":"ping","id":${id},"__proto__":{"admin":true}}`);
    await wire.answer(id);
    await wire.close();
  });
});

test(
  'ten thousand frames of random sizes, written without waiting, arrive one by one and in order',
  async () => {
    const from = await al.session(door.url, { receive: false });
    const to = await bo.session(door.url);
    const messages = Array.from({ length: 10_000 }, (_, i) => al.message(bo, {}, sizeOf(i)));
    let answers = 0;
    const done = new Promise<void>((resolve) => {
      from.websocket.on('message', () => {
        answers += 1;
        if (answers === messages.length) resolve();
      });
    });
    const bodies: unknown[] = [];
    const arrived = new Promise<void>((resolve) => {
      to.websocket.on('message', (data) => {
        const frame = JSON.parse(String(data));
        if (frame.type !== 'deliver') return;
        bodies.push(frame.body);
        to.send({ type: 'ack', upTo: frame.n, tags: [] });
        if (bodies.length === messages.length) resolve();
      });
    });
    for (const message of messages) from.send({ type: 'send', id: from.nextId(), ...message });
    await Promise.all([done, arrived]);
    expect(from.seen.filter(({ type }) => type === 'error')).toEqual([]);
    expect(bodies).toEqual(messages.map(({ body }) => body));
    await to.ok({ type: 'ping' }); // the last ack has been read
    await Promise.all([from.close(), to.close()]);
  },
  TEN_THOUSAND_MAX_MS,
);

/** Most messages are short; some fill a frame. Sizes of bodies in bytes, from the least to the largest allowed. */
function sizeOf(i: number): number {
  if (i % 500 === 0) return 81_992;
  return 328 + Math.floor(Math.random() * 1_500);
}
