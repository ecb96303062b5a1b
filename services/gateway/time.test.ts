// What ends by time alone: answers, challenges, strangers, and connections that say nothing.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import {
  ASK_TIMEOUT_MS,
  CHALLENGE_MAX_AGE_MS,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  SECOND_MS,
  UNAUTHENTICATED_MAX_MS,
} from '#protocol/limits.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway, sendAll } from './gateway.fixture.ts';

let gateway: Gateway;
const al = new WirePerson('al@localhost');
const bo = new WirePerson('bo@localhost');

beforeEach(async () => {
  gateway = await Gateway.start();
});
afterEach(() => gateway.stop());

describe('time', () => {
  test('ends requests without an answer, and never sends', async () => {
    const wire = await gateway.session(al);
    const asked = wire.request({ type: 'log.get', address: bo.address, after: 0 });
    const [send] = sendAll(wire, 1, al, bo);
    await gateway.bus.waiting(1);
    await wire.ok({ type: 'ping' });
    gateway.pass(ASK_TIMEOUT_MS + SECOND_MS);
    expect(await asked).toMatchObject({ code: 'unavailable', retry: true });
    gateway.pass(HEARTBEAT_INTERVAL_MS);
    gateway.bus.answerSends(1);
    expect(await wire.answer(send ?? 0)).toMatchObject({ type: 'ok' });
  });

  test('is told with the challenge, for clients whose clock may be wrong', async () => {
    gateway.pass(SECOND_MS);
    const { challenge } = await Wire.open(gateway.url);
    expect(challenge.time).toBe(gateway.hub.now());
  });

  test('makes a challenge too old to answer', async () => {
    const wire = await Wire.open(gateway.url);
    for (let passed = 0; passed <= CHALLENGE_MAX_AGE_MS; passed += HEARTBEAT_INTERVAL_MS) {
      await wire.ok({ type: 'ping' });
      gateway.pass(HEARTBEAT_INTERVAL_MS);
    }
    expect(await wire.refusal({ type: 'session', ...al.sessionFields(wire) })).toBe('bad_signature');
    expect(gateway.bus.others.filter(({ type }) => type === 'session')).toEqual([]);
  });

  test('closes a connection that opens no session, whatever else it says', async () => {
    const wire = await Wire.open(gateway.url);
    for (let passed = 0; passed <= UNAUTHENTICATED_MAX_MS; passed += HEARTBEAT_INTERVAL_MS) {
      await wire.ok({ type: 'ping' });
      gateway.pass(HEARTBEAT_INTERVAL_MS);
    }
    expect(await wire.closed).toEqual(CLOSE.unauthenticated);
  });

  test('finds a half-dead connection within 45 s, and keeps one that answers pings', async () => {
    const dead = await gateway.session(al, true);
    const alive = await gateway.session(bo, true);
    dead.websocket.pause();
    for (let passed = 0; passed < HEARTBEAT_TIMEOUT_MS; passed += HEARTBEAT_INTERVAL_MS) {
      const pinged = new Promise((resolve) => alive.websocket.once('ping', resolve));
      gateway.pass(HEARTBEAT_INTERVAL_MS);
      await pinged;
      await alive.ok({ type: 'ping' }); // the pong before it has been read
    }
    dead.websocket.resume();
    expect(await dead.closed).toEqual(CLOSE.silent);
    expect(gateway.bus.others.at(-1)).toMatchObject({ type: 'detach', device: al.device.name });
  });
});
