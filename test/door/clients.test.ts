// What a client cannot say or do, whatever it says it is. A real server process; the witness is a connection that must not notice.
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { CLOSE } from '#protocol/close-codes.ts';
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

describe('a client', () => {
  test('cannot name things that are no names', async () => {
    const wire = await al.session(door.url, { receive: false });
    const names = [
      "al' OR '1'='1@localhost",
      'al"; DROP TABLE accounts; --@localhost',
      'al\nbo@localhost',
      'al\u0000@localhost',
      '\u001b[31mal@localhost',
      '{"$ne":null}@localhost',
      '../../al@localhost',
      'AL@localhost',
      'al@localhost ',
      'al@@localhost',
      '__proto__@localhost',
      `${'a'.repeat(33)}@localhost`,
      'al',
      '',
    ];
    for (const address of names) {
      expect(await wire.refusal({ type: 'log.get', address, after: 0 }), address).toBe('bad_request');
      expect(await wire.refusal({ type: 'login.start', address, request: 'AAAA' }), address).toBe('bad_request');
      const frame = al.message(bo);
      const slots = frame.slots.map((slot) => ({ ...slot, to: address }));
      expect(await wire.refusal({ type: 'send', ...frame, slots }), address).toBe('bad_request');
    }
    expect(await wire.refusal({ type: 'log.get', address: 'constructor@localhost', after: 0 })).toBe('unknown_user');
    expect(await wire.refusal({ type: 'log.get', address: 'al@elsewhere', after: 0 })).toBe('remote_domain');
    await wire.close();
  });

  test('cannot name another sender, device or conversation than its own', async () => {
    const to = await bo.session(door.url);
    const wire = await al.session(door.url, { receive: false });
    const third = new WirePerson('third@localhost');
    const { seq } = al;
    const wrong = [
      al.message(bo, { sender: 'bo@localhost', device: bo.device.id, seq }),
      al.message(bo, { sender: 'third@localhost', seq }),
      al.message(bo, { device: bo.device.id, seq }),
      third.message(bo, { sender: al.address, device: al.device.id, seq }),
      { ...al.message(bo, { seq: seq + 1 }), header: encodeBase64(new Uint8Array([1, 1, 1])) },
    ];
    for (const frame of wrong) expect(await wire.refusal({ type: 'send', ...frame })).toBe('bad_envelope');
    const [slot] = al.message(bo, { seq }).slots;
    if (!slot) throw new Error('no slot');
    for (const slots of [
      [slot, { ...slot, slot: random64(80) }],
      [slot, { ...slot, to: 'third@localhost' }],
      [slot, { ...slot, to: al.address, device: al.device.name }],
    ]) {
      expect(await wire.refusal({ type: 'send', ...al.message(bo, { seq }), slots })).toBe('bad_envelope');
    }
    const remote = new WirePerson('cy@elsewhere');
    expect(await wire.refusal({ type: 'send', ...al.message(remote, { seq: 1 }) })).toBe('remote_domain');
    const stranger = new WirePerson('nobody@localhost');
    expect(await wire.refusal({ type: 'send', ...al.message(stranger, { seq: 1 }) })).toBe('unknown_user');
    const right = al.message(bo);
    await wire.ok({ type: 'send', ...right });
    expect(await to.take('deliver')).toMatchObject({ n: 1, header: right.header, body: right.body });
    to.send({ type: 'ack', upTo: 1, tags: [] });
    await Promise.all([wire.close(), to.close()]);
  });

  test('cannot say what only servers say to each other', async () => {
    const wire = await al.session(door.url);
    const at = { inbox: 'embedded/1', session: 1 };
    for (const frame of [
      { type: 'deliver', item: {}, reply: { inbox: 'embedded/1', re: 1 } },
      { type: 'notify', item: { type: 'notice' } },
      { type: 'attach', device: bo.device.name, number: 9, at },
      { type: 'detach', device: bo.device.name, at },
      { type: 'account', length: 99, devices: [], deleted: true },
      { type: 'sweep' },
      { type: 'used', device: bo.device.name },
      { type: 'push', session: 1, frame: {} },
      { type: 'close', session: 1, why: 'revoked' },
      { type: 'answer', re: 1, answer: {} },
      { type: 'revoked', address: bo.address, device: bo.device.name, deleted: true },
      { type: 'ok', re: 1 },
      { type: 'challenge', nonce: random64(32) },
      { type: 'synced' },
      { type: '__proto__' },
      { type: 'constructor' },
    ]) {
      const id = wire.nextId();
      wire.send({ id, ...frame });
      expect(await wire.answer(id)).toMatchObject({ code: 'bad_request' });
    }
    await wire.close();
  });

  test('is asked to sign in first', async () => {
    const wire = await Wire.open(door.url);
    const entry = al.enrolEntry(al.device);
    expect(await wire.refusal({ type: 'send', ...al.message(bo, { seq: 1 }) })).toBe('not_signed_in');
    expect(await wire.refusal({ type: 'log.get', address: al.address, after: 0 })).toBe('not_signed_in');
    expect(await wire.refusal({ type: 'devices.used' })).toBe('not_signed_in');
    expect(await wire.refusal({ type: 'password.start', request: 'AAAA' })).toBe('not_signed_in');
    const finish = { registration: random64(16), record: 'AAAA', vault: random64(90), entry };
    expect(await wire.refusal({ type: 'password.finish', ...finish })).toBe('not_signed_in');
    expect(await wire.refusal({ type: 'account.delete', ...al.deletion() })).toBe('not_signed_in');
    wire.send({ type: 'ack', upTo: 1, tags: [] });
    expect(await wire.closed).toEqual(CLOSE.protocolError);
  });

  test('that only sends may not ack', async () => {
    const wire = await al.session(door.url, { receive: false });
    wire.send({ type: 'ack', upTo: 1, tags: [] });
    expect(await wire.closed).toEqual(CLOSE.protocolError);
  });

  test('may ack what never came, and again', async () => {
    const wire = await bo.session(door.url);
    const from = await al.session(door.url, { receive: false });
    for (const upTo of [Number.MAX_SAFE_INTEGER, 1, 1]) wire.send({ type: 'ack', upTo, tags: [[7, random64(16)]] });
    const frame = al.message(bo);
    await from.ok({ type: 'send', ...frame });
    expect(await wire.take('deliver')).toMatchObject({ n: 1, body: frame.body });
    wire.send({ type: 'ack', upTo: 1, tags: [] });
    await Promise.all([wire.close(), from.close()]);
  });

  test('that resets its connection in the middle of anything harms nobody', async () => {
    for (let i = 0; i < 20; i += 1) {
      const wire = await al.session(door.url, { receive: i % 2 === 0 });
      for (let n = 0; n < i; n += 1) wire.send({ type: 'ping', id: n + 1 });
      wire.socket.resetAndDestroy();
      await wire.closed;
    }
  });
});
