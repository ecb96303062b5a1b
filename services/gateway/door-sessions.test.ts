// Sessions at the wire: what proves a device and what does not, who replaces whom, and how sessions end. A real server process.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { ServerProcess } from '../../test/server.fixture.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { Device, random64, WirePerson } from '../../test/wire-person.fixture.ts';

let server: ServerProcess;
let people = 0;
let al: WirePerson;
let bo: WirePerson;

const person = (): Promise<WirePerson> => {
  people += 1;
  return WirePerson.signedUp(server.url, `person${people}@localhost`);
};
beforeAll(async () => {
  server = await ServerProcess.start(['--rate-factor', '1000', '--log-level', 'warn']);
});
beforeEach(async () => {
  al = await person();
  bo = await person();
});
afterEach(() => expect(server.alive).toBe(true));
afterAll(() => server.remove());

describe('a challenge', () => {
  test('is answered once, by the device, for this server, and by nothing else', async () => {
    const other = await Wire.open(server.url);
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
      const wire = await Wire.open(server.url);
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
    const first = await Wire.open(server.url);
    const fields = al.sessionFields(first);
    await first.ok({ type: 'session', ...fields });
    const second = await Wire.open(server.url);
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
      const wire = await Wire.open(server.url);
      const refusal = await wire.refusal({ type: 'session', ...al.sessionFields(wire), ...change });
      expect(refusal, JSON.stringify(change)).toBe('bad_signature');
      await wire.close();
    }
  });
});

describe('a session that receives', () => {
  test('is not disturbed by failed or repeated sign-ins, sign-ups and sessions', async () => {
    const victim = await al.session(server.url);
    const attacker = await Wire.open(server.url);
    expect(await al.loginFields(attacker, 'a wrong password')).toBeUndefined();
    const finish = { type: 'login.finish', address: al.address, login: random64(16), finish: 'AAAA' } as const;
    expect(await attacker.refusal(finish)).toBe('login_failed');
    const double = new WirePerson(al.address);
    await expect(double.signUpFields(attacker)).rejects.toThrow('name_taken');
    expect(await attacker.refusal({ type: 'session', ...al.sessionFields(attacker, { signer: bo.device }) })).toBe(
      'bad_signature',
    );
    const right = await Wire.open(server.url);
    const login = await al.loginFields(right);
    if (!login) throw new Error('the password is right');
    await right.ok({ type: 'login.finish', ...login });
    const from = await bo.session(server.url, { receive: false });
    await from.ok({ type: 'send', ...bo.message(al) });
    expect(await victim.take('deliver')).toMatchObject({ n: 1 });
    await victim.ok({ type: 'ping' });
    await Promise.all([victim, attacker, right, from].map((wire) => wire.close()));
  });

  test('is replaced by a newer one of its device, and never by an older one', async () => {
    const present = await al.session(server.url, { number: 5 });
    const older = await Wire.open(server.url);
    await older.ok({ type: 'session', ...al.sessionFields(older, { number: 4 }) });
    expect(await older.closed).toEqual(CLOSE.replaced);
    expect(older.seen.map(({ type }) => type)).toEqual(['challenge', 'ok']);
    await present.ok({ type: 'ping' });
    const newer = await al.session(server.url, { number: 6 });
    expect(await present.closed).toEqual(CLOSE.replaced);
    await newer.ok({ type: 'ping' });
    await newer.close();
  });

  test('gets what was stored before `synced`, numbered from 1, and again if it was not acked', async () => {
    const from = await bo.session(server.url, { receive: false });
    const sent = [bo.message(al), bo.message(al), bo.message(al)];
    for (const message of sent) await from.ok({ type: 'send', ...message });
    const expected = sent.map(({ body }, i) => ({ type: 'deliver', n: i + 1, body }));
    for (let i = 0; i < 2; i += 1) {
      const wire = await al.session(server.url);
      expect(wire.seen.slice(2)).toMatchObject([...expected, { type: 'synced' }]);
      await wire.close();
    }
    await from.close();
  });
});

describe('a session that only sends', () => {
  test('replaces nothing, is replaced by nothing, and is sent answers alone', async () => {
    const receiving = await al.session(server.url);
    const sending = await al.session(server.url, { receive: false });
    const another = await al.session(server.url, { receive: false });
    const to = await bo.session(server.url);
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

test('every request has exactly one answer, however many are under way', async () => {
  const wire = await al.session(server.url);
  const to = await bo.session(server.url);
  const ids: number[] = [];
  for (let i = 0; i < 300; i += 1) {
    const id = wire.nextId();
    ids.push(id);
    const kind = i % 4;
    if (kind === 0) wire.send({ type: 'send', id, ...al.message(bo) });
    else if (kind === 1) wire.send({ type: 'log.get', id, address: bo.address, after: 0 });
    else if (kind === 2) wire.send({ type: 'ping', id });
    else wire.send({ type: 'nonsense', id });
  }
  await Promise.all(ids.map((id) => wire.answer(id)));
  await wire.ok({ type: 'ping' });
  const answered = wire.seen.flatMap((frame) =>
    (frame.type === 'ok' || frame.type === 'error') && frame.re ? [frame.re] : [],
  );
  expect(answered.slice().sort((a, b) => a - b)).toEqual([...new Set(answered)].sort((a, b) => a - b));
  expect(new Set(answered)).toEqual(new Set([1, ...ids, ids.length + 2]));
  const refused = wire.seen.filter((frame) => frame.type === 'error' && frame.code === 'rate_limited');
  expect(refused.length).toBeLessThanOrEqual(75); // look-ups alone are bounded by number
  await Promise.all([wire.close(), to.close()]);
});

test('an account log is read without a session by who proved its password on this connection, and no other log', async () => {
  const wire = await Wire.open(server.url);
  const get = (address: string) => ({ type: 'log.get', address, after: 0 }) as const;
  const login = await al.loginFields(wire);
  if (!login) throw new Error('the password is right');
  expect(await wire.refusal(get(al.address))).toBe('not_signed_in'); // not proved yet
  await wire.ok({ type: 'login.finish', ...login });
  expect(await wire.ok(get(al.address))).toMatchObject({ length: 1 });
  expect(await wire.refusal(get(bo.address))).toBe('not_signed_in');
  const another = await Wire.open(server.url);
  expect(await another.refusal(get(al.address))).toBe('not_signed_in');
  await Promise.all([wire.close(), another.close()]);
});

test('a name that nobody has is answered as one that somebody has', async () => {
  for (const address of [al.address, 'nobody@localhost']) {
    const wire = await Wire.open(server.url);
    const stranger = new WirePerson(address);
    const entry = stranger.enrolEntry(stranger.device);
    expect(await wire.refusal({ type: 'log.append', address, entry })).toBe('stale_log');
    expect(await wire.refusal({ type: 'session', ...stranger.sessionFields(wire) })).toBe('bad_signature');
    await wire.close();
  }
});

describe('the end of a device', () => {
  test('by revocation closes all its sessions with 4203, and lets it open none', async () => {
    const second = new Device();
    const wire = await al.session(server.url);
    const enrol = al.enrolEntry(second);
    await wire.ok({ type: 'log.append', address: al.address, entry: enrol });
    al.keep(enrol);
    expect(await wire.take('log')).toMatchObject({ address: al.address, length: 2 });
    const receiving = await al.session(server.url, { device: second });
    const sending = await al.session(server.url, { device: second, receive: false });
    const revoke = al.revokeEntry(second);
    await wire.ok({ type: 'log.append', address: al.address, entry: revoke });
    al.keep(revoke);
    expect(await receiving.closed).toEqual(CLOSE.revoked);
    expect(await sending.closed).toEqual(CLOSE.revoked);
    const again = await Wire.open(server.url);
    expect(await again.refusal({ type: 'session', ...al.sessionFields(again, { device: second }) })).toBe(
      'device_revoked',
    );
    await wire.ok({ type: 'ping' });
    const own = al.revokeEntry(al.device);
    await wire.ok({ type: 'log.append', address: al.address, entry: own });
    expect(await wire.closed).toEqual(CLOSE.revoked);
    await again.close();
  });

  test('by deletion of the account answers first, then closes with 4204; the name stays taken', async () => {
    const receiving = await al.session(server.url);
    const sending = await al.session(server.url, { receive: false });
    await receiving.ok({ type: 'account.delete', ...al.deletion() });
    expect(await receiving.closed).toEqual(CLOSE.accountDeleted);
    expect(await sending.closed).toEqual(CLOSE.accountDeleted);
    const wire = await Wire.open(server.url);
    expect(await wire.refusal({ type: 'session', ...al.sessionFields(wire) })).toBe('unknown_user');
    await expect(new WirePerson(al.address).signUpFields(wire)).rejects.toThrow('name_taken');
    await wire.close();
  });
});

describe('a client that does not read', () => {
  test('gets no more than its window, and all of it once it reads again', async () => {
    const slow = await al.session(server.url);
    const from = await bo.session(server.url, { receive: false });
    slow.websocket.pause();
    const sent = Array.from({ length: 200 }, () => bo.message(al, {}, 20_000));
    for (const message of sent) await from.ok({ type: 'send', ...message });
    slow.websocket.on('message', (data) => {
      const { type, n } = JSON.parse(String(data));
      if (type === 'deliver') slow.send({ type: 'ack', upTo: n, tags: [] });
    });
    slow.websocket.resume();
    for (const { body } of sent) expect(await slow.take('deliver')).toMatchObject({ body });
    await Promise.all([slow.close(), from.close()]);
  });

  test('and asks without end is closed with 4003; others are served meanwhile', async () => {
    const slow = await al.session(server.url);
    const other = await bo.session(server.url);
    slow.websocket.pause();
    const question = JSON.stringify({ type: 'ping', id: 1, ['x'.repeat(400)]: 0 });
    let asking = true;
    const writeOn = (): void => {
      for (let i = 0; i < 200; i += 1) slow.send(question);
      if (asking && slow.websocket.readyState === slow.websocket.OPEN) setImmediate(writeOn);
    };
    writeOn();
    const closes = async (): Promise<number> => {
      const text = await (await server.http('/metrics')).text();
      return Number(/parley_closes_total\{reason="tooSlow"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    while ((await closes()) === 0) await other.ok({ type: 'ping' });
    asking = false;
    slow.websocket.resume();
    await slow.closed;
    await other.close();
  });
});
