// Who is answered what: once each, nothing that is not theirs, and no more than they read. A real server process.
import { beforeEach, describe, expect, test } from 'vitest';
import { Wire } from '../wire.fixture.ts';
import { WirePerson } from '../wire-person.fixture.ts';
import { openDoor } from './door.fixture.ts';

/** Questions that are written without waiting. */
const ROUND = 1_000;

const door = openDoor();
let al: WirePerson;
let bo: WirePerson;

beforeEach(async () => {
  al = await door.person();
  bo = await door.person();
});

test('every request has exactly one answer, however many are under way', async () => {
  const wire = await al.session(door.url);
  const to = await bo.session(door.url);
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
  const wire = await Wire.open(door.url);
  const get = (address: string) => ({ type: 'log.get', address, after: 0 }) as const;
  const login = await al.loginFields(wire);
  if (!login) throw new Error('the password is right');
  expect(await wire.refusal(get(al.address))).toBe('not_signed_in'); // not proved yet
  await wire.ok({ type: 'login.finish', ...login });
  expect(await wire.ok(get(al.address))).toMatchObject({ length: 1 });
  expect(await wire.refusal(get(bo.address))).toBe('not_signed_in');
  const another = await Wire.open(door.url);
  expect(await another.refusal(get(al.address))).toBe('not_signed_in');
  await Promise.all([wire.close(), another.close()]);
});

test('a name that nobody has is answered as one that somebody has', async () => {
  for (const address of [al.address, 'nobody@localhost']) {
    const wire = await Wire.open(door.url);
    const stranger = new WirePerson(address);
    const entry = stranger.enrolEntry(stranger.device);
    expect(await wire.refusal({ type: 'log.append', address, entry })).toBe('stale_log');
    expect(await wire.refusal({ type: 'session', ...stranger.sessionFields(wire) })).toBe('bad_signature');
    await wire.close();
  }
});

describe('a client that does not read', () => {
  test('gets no more than its window, and all of it once it reads again', async () => {
    const slow = await al.session(door.url);
    const from = await bo.session(door.url, { receive: false });
    slow.websocket.pause();
    const sent = Array.from({ length: 200 }, () => bo.message(al, {}, 20_000));
    // All at once: whoever does not read does not say either that it lives, and is given up after 30 s.
    await Promise.all(sent.map((message) => from.ok({ type: 'send', ...message })));
    slow.websocket.on('message', (data) => {
      const { type, n } = JSON.parse(String(data));
      if (type === 'deliver') slow.send({ type: 'ack', upTo: n, tags: [] });
    });
    slow.websocket.resume();
    for (const { body } of sent) expect(await slow.take('deliver')).toMatchObject({ body });
    await Promise.all([slow.close(), from.close()]);
  });

  test('and asks without end is closed with 4003; others are served meanwhile', async () => {
    const slow = await al.session(door.url);
    const other = await bo.session(door.url);
    slow.websocket.pause();
    const question = JSON.stringify({ type: 'ping', id: 1, ['x'.repeat(400)]: 0 });
    const closes = async (): Promise<number> => {
      const text = await (await door.http('/metrics')).text();
      return Number(/parley_closes_total\{reason="tooSlow"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    // In rounds: what a slow machine has to read in one go must not take as long as the silence after which the other is given up, too.
    while ((await closes()) === 0) {
      for (let i = 0; i < ROUND; i += 1) slow.send(question);
      await other.ok({ type: 'ping' });
    }
    slow.websocket.resume();
    await slow.closed;
    await other.close();
  });
});
