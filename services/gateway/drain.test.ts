// How a gateway that ends parts with its clients: who is served for how long, who is told when, and what is answered before.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE } from '#protocol/close-codes.ts';
import { SENDS_UNANSWERED_MAX, SUBPROTOCOL } from '#protocol/limits.ts';
import type { Wire } from '../../test/wire.fixture.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway, sendAll } from './gateway.fixture.ts';

const AT_ONCE = { noticeMs: 0, moveMs: 0, patienceMs: 60_000 };

let gateway: Gateway;
let al: WirePerson;
let bo: WirePerson;
beforeEach(async () => {
  gateway = await Gateway.start();
  al = new WirePerson('al@localhost');
  bo = new WirePerson('bo@localhost');
});
afterEach(() => gateway.stop());

const status = async (path: string): Promise<number> =>
  (await fetch(`${gateway.url.replace('ws', 'http')}${path}`)).status;

/** How a new client is answered; it does not stay. */
const upgraded = (): Promise<number> =>
  new Promise((resolve) => {
    const websocket = new WebSocket(gateway.url, SUBPROTOCOL);
    websocket.on('error', () => {}); // a close follows
    websocket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
    websocket.once('open', () => websocket.close());
    websocket.once('close', () => resolve(101));
  });

describe('a drain', () => {
  test('answers what was taken, takes no more, and sends clients elsewhere', async () => {
    const wire = await gateway.session(al);
    const idle = await gateway.session(bo, true);
    sendAll(wire, 40, al, bo);
    await gateway.bus.waiting(SENDS_UNANSWERED_MAX);
    const drained = gateway.hub.drain(AT_ONCE);
    expect(await idle.closed).toEqual(CLOSE.goElsewhere); // so the other was told, too: answered before, it would be read on
    gateway.bus.answerSends(SENDS_UNANSWERED_MAX);
    await drained;
    expect(await wire.closed).toEqual(CLOSE.goElsewhere);
    expect(wire.seen.filter(({ type }) => type === 'ok')).toHaveLength(1 + SENDS_UNANSWERED_MAX);
    expect(gateway.bus.sends).toEqual([]);
  });

  test('lets nobody wait for the answers of others', async () => {
    const waits = await gateway.session(al);
    const idle = await gateway.session(bo);
    sendAll(waits, 1, al, bo);
    await gateway.bus.waiting(1);
    const drained = gateway.hub.drain(AT_ONCE);
    expect(await idle.closed).toEqual(CLOSE.goElsewhere);
    expect(await gateway.measured('parley_connections')).toBe(1);
    gateway.bus.answerSends(1);
    await drained;
    expect(await waits.closed).toEqual(CLOSE.goElsewhere);
  });

  test('does not wait for ever', async () => {
    const wire = await gateway.session(al);
    sendAll(wire, 1, al, bo);
    await gateway.bus.waiting(1);
    await gateway.hub.drain({ ...AT_ONCE, patienceMs: 0 });
    expect(await wire.closed).toEqual(CLOSE.goElsewhere);
  });

  test('ends as soon as nobody is left', async () => {
    const wire = await gateway.session(al);
    const drained = gateway.hub.drain({ noticeMs: 1_000, moveMs: 10_000, patienceMs: 1_000 }); // the clock stands still
    await wire.close();
    await drained;
  });

  test('says first that it is not ready, serves on until others have noticed, and then moves its clients evenly', async () => {
    const people = Array.from({ length: 20 }, (_, index) => new WirePerson(`person${index}@localhost`));
    const wires = await Promise.all(people.map((person) => gateway.session(person)));
    const gone: Wire[] = [];
    for (const wire of wires) void wire.closed.then(() => gone.push(wire));
    const moved = (count: number) => expect.poll(() => gone.length, { interval: 5 }).toBe(count);
    expect([await status('/readyz'), await upgraded()]).toEqual([200, 101]);
    await expect.poll(() => gateway.measured('parley_connections')).toBe(wires.length); // or that one has a share of the time

    gateway.listener.stop();
    const drained = gateway.hub.drain({ noticeMs: 1_000, moveMs: 10_000, patienceMs: 0 });
    expect([await status('/healthz'), await status('/readyz'), await upgraded()]).toEqual([200, 503, 503]);
    gateway.pass(999);
    await Promise.all(wires.map((wire) => wire.ok({ type: 'ping' })));

    for (const count of [5, 10, 15]) {
      gateway.pass(2_500);
      await moved(count);
      const stay = wires.filter((wire) => !gone.includes(wire));
      await Promise.all(stay.map((wire) => wire.ok({ type: 'ping' })));
      expect(gone).toHaveLength(count);
    }
    gateway.pass(2_500);
    await drained;
    expect(await Promise.all(wires.map((wire) => wire.closed))).toEqual(wires.map(() => CLOSE.goElsewhere));
  });
});
