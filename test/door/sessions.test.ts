// What proves a device and what does not, and who replaces whom. A real server process.
import { beforeEach, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { Wire } from '../wire.fixture.ts';
import { Device, random64, WirePerson } from '../wire-person.fixture.ts';
import { openDoor } from './door.fixture.ts';

const door = openDoor();
let al: WirePerson;
let bo: WirePerson;

beforeEach(async () => {
  al = await door.person();
  bo = await door.person();
});

describe('a challenge', () => {
  test('is answered once, by the device, for this server, and by nothing else', async () => {
    const other = await Wire.open(door.url);
    const wrong = [
      { challenge: other.challenge.nonce },
      { challenge: random64(32) },
      { serverKey: Buffer.alloc(32, 7).toString('base64url') },
      { domain: 'elsewhere' },
      { signer: new Device() },
      { device: new Device() },
      { device: bo.device },
    ];
    for (const how of wrong) {
      const wire = await Wire.open(door.url);
      expect(await wire.refusal({ type: 'session', ...al.sessionFields(wire, how) }), JSON.stringify(how)).toBe(
        'bad_signature',
      );
      // and then not even the right answer counts
      expect(await wire.refusal({ type: 'session', ...al.sessionFields(wire) })).toBe('bad_signature');
      expect(await wire.refusal({ type: 'log.get', address: al.address, after: 0 })).toBe('not_signed_in');
      await wire.close();
    }
    await other.close();
  });

  test('is different on every connection, so that an answer cannot be replayed', async () => {
    const first = await Wire.open(door.url);
    const fields = al.sessionFields(first);
    await first.ok({ type: 'session', ...fields });
    const second = await Wire.open(door.url);
    expect(second.challenge.nonce).not.toBe(first.challenge.nonce);
    expect(await second.refusal({ type: 'session', ...fields })).toBe('bad_signature');
    expect(await first.refusal({ type: 'session', ...fields })).toBe('already_signed_in');
    await first.ok({ type: 'ping' });
    await Promise.all([first.close(), second.close()]);
  });

  test('answered with fields that were not signed proves nothing', async () => {
    for (const change of [
      { number: 99 },
      { nonce: random64(16) },
      { address: bo.address },
      { device: bo.device.name },
    ]) {
      const wire = await Wire.open(door.url);
      const refusal = await wire.refusal({ type: 'session', ...al.sessionFields(wire), ...change });
      expect(refusal, JSON.stringify(change)).toBe('bad_signature');
      await wire.close();
    }
  });
});

describe('a session that receives', () => {
  test('is not disturbed by failed or repeated sign-ins, sign-ups and sessions', async () => {
    const victim = await al.session(door.url);
    const attacker = await Wire.open(door.url);
    expect(await al.loginFields(attacker, 'a wrong password')).toBeUndefined();
    const finish = { type: 'login.finish', address: al.address, login: random64(16), finish: 'AAAA' } as const;
    expect(await attacker.refusal(finish)).toBe('unavailable');
    const double = new WirePerson(al.address);
    await expect(double.signUpFields(attacker)).rejects.toThrow('name_taken');
    expect(await attacker.refusal({ type: 'session', ...al.sessionFields(attacker, { signer: bo.device }) })).toBe(
      'bad_signature',
    );
    const right = await Wire.open(door.url);
    const login = await al.loginFields(right);
    if (!login) throw new Error('the password is right');
    await right.ok({ type: 'login.finish', ...login });
    const from = await bo.session(door.url, { receive: false });
    await from.ok({ type: 'send', ...bo.message(al) });
    expect(await victim.take('deliver')).toMatchObject({ n: 1 });
    await victim.ok({ type: 'ping' });
    await Promise.all([victim, attacker, right, from].map((wire) => wire.close()));
  });

  test('is replaced by a newer one of its device, and never by an older one', async () => {
    const present = await al.session(door.url, { number: 5 });
    const older = await Wire.open(door.url);
    await older.ok({ type: 'session', ...al.sessionFields(older, { number: 4 }) });
    expect(await older.closed).toEqual(CLOSE.replaced);
    expect(older.seen.map(({ type }) => type)).toEqual(['challenge', 'ok']);
    await present.ok({ type: 'ping' });
    const newer = await al.session(door.url, { number: 6 });
    expect(await present.closed).toEqual(CLOSE.replaced);
    await newer.ok({ type: 'ping' });
    await newer.close();
  });

  test('gets what was stored before `synced`, numbered from 1, and again if it was not acked', async () => {
    const from = await bo.session(door.url, { receive: false });
    const sent = [bo.message(al), bo.message(al), bo.message(al)];
    for (const message of sent) await from.ok({ type: 'send', ...message });
    const expected = sent.map(({ body }, i) => ({ type: 'deliver', n: i + 1, body }));
    for (let i = 0; i < 2; i += 1) {
      const wire = await al.session(door.url);
      expect(wire.seen.slice(2)).toMatchObject([...expected, { type: 'synced' }]);
      await wire.close();
    }
    await from.close();
  });
});

describe('a session that only sends', () => {
  test('replaces nothing, is replaced by nothing, and is sent answers alone', async () => {
    const receiving = await al.session(door.url);
    const sending = await al.session(door.url, { receive: false });
    const another = await al.session(door.url, { receive: false });
    const to = await bo.session(door.url);
    for (let i = 0; i < 5; i += 1) {
      await sending.ok({ type: 'send', ...al.message(bo) });
      await to.take('deliver');
      to.send({ type: 'ack', upTo: i + 1, tags: [] });
      await to.ok({ type: 'send', ...bo.message(al) });
      await receiving.take('deliver');
    }
    await receiving.take('notice');
    for (const wire of [sending, another]) {
      await wire.ok({ type: 'ping' });
      expect(wire.seen.filter(({ type }) => type !== 'ok').map(({ type }) => type)).toEqual(['challenge']);
    }
    await Promise.all([receiving, sending, another, to].map((wire) => wire.close()));
  });
});
