// What a gateway does while actors are slow: back-pressure, order across refusals, drain.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import {
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  REQUESTS_UNANSWERED_MAX,
  SECOND_MS,
  SENDS_UNANSWERED_MAX,
} from '#protocol/limits.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway, sendAll } from './gateway.fixture.ts';

/** 82 MB of frames in one process: measured, 8 s on two cores, over 30 under a load of 25. */
const MANY_FRAMES_TIMEOUT_MS = 120_000;

let gateway: Gateway;
const al = new WirePerson('al@localhost');
const bo = new WirePerson('bo@localhost');

beforeEach(async () => {
  gateway = await Gateway.start();
});
afterEach(() => gateway.stop());

/** A round trip on another connection: what the server had received before it has been looked at. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i += 1) {
    const wire = await Wire.open(gateway.url);
    await wire.ok({ type: 'ping' });
    await wire.close();
  }
}

describe('sends without answers', () => {
  test('are taken up to sixteen; the next is read when one is answered, and so is everything behind it', async () => {
    const wire = await gateway.session(al);
    const ids = sendAll(wire, 60, al, bo);
    const ping = wire.nextId();
    wire.send({ type: 'ping', id: ping });
    await gateway.bus.waiting(SENDS_UNANSWERED_MAX);
    await settled();
    expect(gateway.bus.sends).toHaveLength(SENDS_UNANSWERED_MAX);
    expect(wire.frames).toEqual([]);
    gateway.bus.answerSends(1);
    await gateway.bus.waiting(SENDS_UNANSWERED_MAX);
    await settled();
    expect(gateway.bus.sends).toHaveLength(SENDS_UNANSWERED_MAX);
    expect(wire.frames).toMatchObject([{ type: 'ok', re: ids[0] }]);
    const seqs: number[] = [];
    for (let left = 59; left > 0; left -= SENDS_UNANSWERED_MAX) {
      await gateway.bus.waiting(Math.min(left, SENDS_UNANSWERED_MAX));
      seqs.push(...gateway.bus.sends.map(({ item }) => item.seq));
      gateway.bus.answerSends(SENDS_UNANSWERED_MAX);
    }
    expect(await wire.answer(ping)).toMatchObject({ type: 'ok' });
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(59);
  });

  test('of one client are nobody else’s affair', async () => {
    const wire = await gateway.session(al);
    sendAll(wire, 40, al, bo);
    await gateway.bus.waiting(SENDS_UNANSWERED_MAX);
    const other = await gateway.session(bo);
    await other.ok({ type: 'ping' });
  });

  test(
    'of all clients hold 64 MiB, and one more of each; then nobody is read until there is room',
    async () => {
      const many = await Promise.all(Array.from({ length: 45 }, () => gateway.session(al)));
      for (const wire of many) sendAll(wire, SENDS_UNANSWERED_MAX + 1, al, bo, 80_000);
      const each = 4 * Math.ceil(80_000 / 3);
      const room = Math.ceil((64 * 1024 * 1024) / each);
      await gateway.bus.waiting(room - 10);
      await settled();
      expect(gateway.bus.sends.length).toBeLessThanOrEqual(room + many.length);
      let answered = 0;
      while (answered < many.length * (SENDS_UNANSWERED_MAX + 1)) {
        await gateway.bus.waiting(1);
        answered += gateway.bus.sends.length;
        gateway.bus.answerSends(Number.POSITIVE_INFINITY);
      }
      await Promise.all(many.map((wire) => wire.ok({ type: 'ping' })));
    },
    MANY_FRAMES_TIMEOUT_MS,
  );

  test('do not make a client silent: what it says is in its socket', async () => {
    const wire = await gateway.session(al);
    wire.websocket.pause(); // nor does it answer pings
    sendAll(wire, 40, al, bo);
    await gateway.bus.waiting(SENDS_UNANSWERED_MAX);
    gateway.pass(HEARTBEAT_TIMEOUT_MS + HEARTBEAT_INTERVAL_MS);
    wire.websocket.resume();
    gateway.bus.answerSends(1);
    await wire.take('ok');
  });
});

describe('a send that is refused for now', () => {
  test('is not overtaken by the next ones of its conversation, only by those of others', async () => {
    const cy = new WirePerson('cy@localhost');
    const wire = await gateway.session(al);
    const [first, second, third] = [al.message(bo), al.message(bo), al.message(bo)];
    gateway.space.low = true;
    expect(await wire.refusal({ type: 'send', ...first })).toBe('no_space');
    gateway.space.low = false;
    expect(await wire.refusal({ type: 'send', ...second })).toBe('earlier_refused');
    const other = wire.request({ type: 'send', ...al.message(cy, { seq: 1 }) });
    await gateway.bus.waiting(1);
    gateway.bus.answerSends(1);
    expect(await other).toMatchObject({ type: 'ok' });
    expect(await wire.refusal({ type: 'send', ...third })).toBe('earlier_refused');
    for (const message of [first, second, third]) {
      const answer = wire.request({ type: 'send', ...message });
      await gateway.bus.waiting(1);
      gateway.bus.answerSends(1);
      expect(await answer).toMatchObject({ type: 'ok' });
    }
  });

  test('is so because the bus is behind, full or away', async () => {
    const wire = await gateway.session(al);
    const [first, second] = [al.message(bo), al.message(bo)];
    gateway.bus.lags.set(bo.address, 6_000);
    const busy = await wire.request({ type: 'send', ...first });
    expect(busy).toMatchObject({ code: 'busy', retry: true, retryAfterMs: SECOND_MS });
    const cy = new WirePerson('cy@localhost');
    const other = wire.request({ type: 'send', ...al.message(cy, { seq: 1 }) }); // of a partition that is not behind
    await gateway.bus.waiting(1);
    gateway.bus.answerSends(1);
    expect(await other).toMatchObject({ type: 'ok' });
    gateway.bus.lags.clear();
    for (const failure of [new RequestError('no_space'), new Unavailable('gone')]) {
      gateway.bus.failure = failure;
      expect(await wire.request({ type: 'send', ...first })).toMatchObject({ retry: true });
      gateway.bus.failure = undefined;
      expect(await wire.refusal({ type: 'send', ...second })).toBe('earlier_refused');
    }
  });

  test('is never so because of other requests', async () => {
    const wire = await gateway.session(al);
    for (let i = 0; i < REQUESTS_UNANSWERED_MAX; i += 1) {
      wire.send({ type: 'log.get', id: wire.nextId(), address: bo.address, after: 0 });
    }
    expect(await wire.refusal({ type: 'log.get', address: bo.address, after: 0 })).toBe('rate_limited');
    const send = wire.request({ type: 'send', ...al.message(bo) });
    await gateway.bus.waiting(1);
    gateway.bus.answerSends(1);
    expect(await send).toMatchObject({ type: 'ok' });
  });
});

test('a signal closes the sessions of that device of that person alone', async () => {
  const others = await gateway.session(bo);
  const wire = await gateway.session(al);
  gateway.signals.send({ type: 'revoked', address: bo.address, device: al.device.name, deleted: false });
  gateway.signals.send({ type: 'revoked', address: al.address, device: bo.device.name, deleted: false });
  await wire.ok({ type: 'ping' });
  gateway.signals.send({ type: 'revoked', address: al.address, device: al.device.name, deleted: false });
  expect(await wire.closed).toEqual(CLOSE.revoked);
  await others.ok({ type: 'ping' });
});

test('a session whose mailbox lost its memory is ended, so that its client opens another: acks of one numbering never count for another', async () => {
  const wire = await gateway.session(al, true);
  await wire.ok({ type: 'ping' });
  const attach = gateway.bus.others.find(({ type }) => type === 'attach');
  if (attach?.type !== 'attach') throw new Error('a receiving session attaches');
  gateway.bus.send('held', { type: 'reattach', session: attach.at.session });
  expect(await wire.closed).toEqual(CLOSE.failed);
  expect(gateway.bus.others.filter(({ type }) => type === 'attach')).toEqual([attach]);
  gateway.bus.send('held', { type: 'reattach', session: 99 });
  gateway.bus.send('held', { type: 'push', session: 99, frame: { type: 'synced' } });
  const other = await gateway.session(al, true);
  await other.ok({ type: 'ping' });
});
