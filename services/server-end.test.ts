// How the server ends, by SIGTERM or kill -9, and what it keeps.
import { describe, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { startsServers } from '../test/servers.fixture.ts';
import { deliveries, short } from '../test/wire.fixture.ts';
import { WirePerson } from '../test/wire-person.fixture.ts';

const started = startsServers();

describe('SIGTERM', () => {
  test('answers what was asked, says where to go, and ends with 0', async () => {
    const server = await started(['--rate-factor', '1000']);
    const al = await WirePerson.signedUp(server.url, 'al@localhost');
    const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
    const idle = await bo.session(server.url);
    const busy = await al.session(server.url, { receive: false });
    const messages = Array.from({ length: 500 }, () => al.message(bo));
    const ids = messages.map((message) => {
      const id = busy.nextId();
      busy.send({ type: 'send', id, ...message });
      return id;
    });
    await busy.answer(ids[20] ?? 0);
    const status = server.stop();
    expect(await busy.closed).toEqual(CLOSE.goElsewhere);
    expect(await idle.closed).toEqual(CLOSE.goElsewhere);
    expect(await status).toBe(0);
    const answered = ids.filter((id) => busy.seen.some((frame) => frame.type === 'ok' && frame.re === id));
    expect(answered).toEqual(ids.slice(0, answered.length));
    expect(busy.seen.filter(({ type }) => type === 'error')).toEqual([]);
    await server.restart();
    const again = await bo.session(server.url, { ackAll: true });
    const kept = deliveries(again);
    // What was answered is there, in order; what was under way may be, after it.
    expect(kept.slice(0, answered.length)).toEqual(messages.slice(0, answered.length).map(short));
    await again.close();
  });

  test('ends at once with nobody there, and frees port and data', async () => {
    const server = await started();
    expect(await server.stop()).toBe(0);
    await server.restart();
    expect(await server.stop()).toBe(0);
  });
});

test('what was answered ok before kill -9 arrives once and in order', async () => {
  const server = await started(['--rate-factor', '1000']);
  const al = await WirePerson.signedUp(server.url, 'al@localhost');
  const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
  const arrived: string[] = [];
  const accepted: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    // Half of the time the recipient is away.
    const to = round % 2 === 0 ? await bo.session(server.url, { ackAll: true }) : undefined;
    const from = await al.session(server.url, { receive: false });
    const messages = Array.from({ length: 200 }, () => al.message(bo));
    const ids = messages.map((message) => {
      const id = from.nextId();
      from.send({ type: 'send', id, ...message });
      return id;
    });
    await from.answer(ids[100 + round * 20] ?? 0);
    await server.kill();
    await from.closed;
    await to?.closed;
    const oks = new Set(from.seen.flatMap((frame) => (frame.type === 'ok' ? [frame.re] : [])));
    const answered = messages.filter((_, i) => oks.has(ids[i] ?? 0)).map(short);
    expect(answered).toEqual(messages.slice(0, answered.length).map(short));
    accepted.push(...answered);
    if (to) arrived.push(...deliveries(to));
    await server.restart();
  }
  const last = await bo.session(server.url, { ackAll: true }); // synced: it has all
  arrived.push(...deliveries(last));
  const once = [...new Set(arrived)].filter((body) => accepted.includes(body));
  expect(once).toEqual(accepted);
  const again = await bo.session(server.url);
  expect(deliveries(again)).toEqual([]);
  await Promise.all([last.closed, again.close()]);
});
