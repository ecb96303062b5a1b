// A gateway whose bus is away, comes back, or says that a partition has another owner: who is closed, how, and who is left alone.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { SENDS_UNANSWERED_MAX } from '#protocol/limits.ts';
import { partitionOf } from '#runtime/partitions.ts';
import { PATIENTLY } from '../../test/patience.fixture.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { random64, WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway, sendAll } from './gateway.fixture.ts';

const PARTITIONS = 4;
const AL = partitionOf('al@localhost', PARTITIONS);

let gateway: Gateway;
beforeEach(async () => {
  gateway = await Gateway.start();
  gateway.bus.partitions = PARTITIONS;
});
afterEach(() => gateway.stop());

const al = new WirePerson('al@localhost');
const away = ['bo', 'cy', 'di', 'ed'].map((name) => new WirePerson(`${name}@localhost`));
const bo = away.find(({ address }) => partitionOf(address, PARTITIONS) !== AL) as WirePerson; // one in four is al's
const moved = (partition: number): void => gateway.bus.reader.moved?.('mailbox', partition);
const isOpen = async (wire: Wire): Promise<void> => {
  expect(await wire.request({ type: 'ping' })).toMatchObject({ type: 'ok' });
};

describe('a partition that moves', () => {
  test('closes the sessions of its users, which come back, and no others', async () => {
    moved(AL);
    const wire = await gateway.session(al, true);
    const other = await gateway.session(bo, true);
    const stranger = await Wire.open(gateway.url);
    moved(AL);
    expect(await wire.closed).toEqual(CLOSE.failed);
    await isOpen(other);
    await isOpen(stranger);
    await isOpen(await gateway.session(al, true));
  });

  test('closes nobody when its first owner is heard of: that is the one who was given their attaches', async () => {
    const wire = await gateway.session(al, true);
    moved(AL);
    await isOpen(wire);
    moved(AL);
    expect(await wire.closed).toEqual(CLOSE.failed);
  });

  test('closes nobody if it is one of accounts', async () => {
    const wire = await gateway.session(al, true);
    for (let n = 0; n < 2; n += 1) gateway.bus.reader.moved?.('account', AL);
    await isOpen(wire);
  });

  test('closes only those that receive: the others are attached to nobody', async () => {
    moved(AL);
    const wire = await gateway.session(al);
    moved(AL);
    await isOpen(wire);
  });
});

test('what the last owner of accounts did not answer is put to the next one, and answered once', async () => {
  const wire = await gateway.session(al);
  const asked = () => gateway.bus.others.filter(({ type }) => type === 'log.get');
  const logOf = ({ address }: WirePerson) => wire.request({ type: 'log.get', address, after: 0 });
  const answers = [logOf(al), logOf(bo)];
  await vi.waitUntil(() => asked().length === 2, PATIENTLY);
  gateway.bus.reader.moved?.('mailbox', AL);
  expect(asked()).toHaveLength(2);
  gateway.bus.reader.moved?.('account', AL);
  const [first, , again] = asked();
  expect(asked()).toHaveLength(3);
  expect(again).toEqual(first);
  for (const command of asked())
    if ('reply' in command) gateway.bus.answer(command.reply.re, { entries: [], length: 0 });
  expect(await Promise.all(answers)).toMatchObject([{ type: 'ok' }, { type: 'ok' }]);
  gateway.bus.reader.moved?.('account', AL);
  expect(asked()).toHaveLength(3);
});

test('so is the end of a sign-in: who does not remember it says so, and it is begun anew at once', async () => {
  const wire = await Wire.open(gateway.url);
  const fields = { address: al.address, login: random64(16), finish: 'AAAA' };
  const answer = wire.request({ type: 'login.finish', ...fields });
  const asked = () => gateway.bus.others.filter(({ type }) => type === 'login.finish');
  await vi.waitUntil(() => asked().length === 1, PATIENTLY);
  gateway.bus.reader.moved?.('account', AL);
  expect(asked()).toHaveLength(2);
  for (const command of asked())
    if ('reply' in command)
      gateway.bus.send('held', { type: 'refusal', re: command.reply.re, code: 'unavailable', message: 'Try again.' });
  expect(await answer).toMatchObject({ type: 'error', code: 'unavailable', retry: true });
});

describe('a bus that is back', () => {
  test('under another inbox closes every session: answers to them went to the earlier one', async () => {
    const wires = [await gateway.session(al, true), await gateway.session(bo)];
    const stranger = await Wire.open(gateway.url);
    gateway.bus.reader.renewed?.();
    expect(await Promise.all(wires.map(({ closed }) => closed))).toEqual([CLOSE.failed, CLOSE.failed]);
    await isOpen(stranger);
  });

  test('waits for no answer to them: what they had sent takes up no room any more', async () => {
    const wire = await gateway.session(al);
    sendAll(wire, SENDS_UNANSWERED_MAX, al, bo);
    await gateway.bus.waiting(SENDS_UNANSWERED_MAX);
    expect(await gateway.unanswered()).not.toEqual({ bytes: 0, asks: 0 });
    gateway.bus.reader.renewed?.();
    await wire.closed;
    expect(await gateway.unanswered()).toEqual({ bytes: 0, asks: 0 });
    gateway.bus.answerSends(1); // an answer that comes all the same
    expect(await gateway.unanswered()).toEqual({ bytes: 0, asks: 0 });
  });
});

describe('the detach of a session that ended', () => {
  const detach = async (wire: Wire): Promise<'queue' | 'inbox'> => {
    gateway.bus.published.length = 0;
    await wire.close();
    await vi.waitUntil(() => gateway.bus.others.some(({ type }) => type === 'detach'), PATIENTLY);
    return gateway.bus.published.some(({ command: { type } }) => type === 'detach') ? 'queue' : 'inbox';
  };

  test('goes behind its attach, which may not have come to the mailbox yet', async () => {
    expect(await detach(await gateway.session(al, true))).toBe('queue');
  });

  test('is told once the mailbox has pushed something', async () => {
    const wire = await gateway.session(al, true);
    await vi.waitUntil(() => gateway.bus.others.some(({ type }) => type === 'attach'), PATIENTLY);
    const attach = gateway.bus.others.find((command) => command.type === 'attach');
    if (attach?.type !== 'attach') throw new Error('no attach');
    gateway.bus.reader.message({ type: 'push', session: attach.at.session, frame: { type: 'synced' } });
    expect(await detach(wire)).toBe('inbox');
  });
});

test('a session that receives nothing is made known to its mailbox when it begins and when it ends', async () => {
  const wire = await gateway.session(al);
  const told = () => gateway.bus.others.filter(({ type }) => type === 'used');
  await vi.waitUntil(() => told().length === 1, PATIENTLY);
  await wire.close();
  await vi.waitUntil(() => told().length === 2, PATIENTLY);
  expect(told()).toEqual(Array.from({ length: 2 }, () => ({ type: 'used', device: al.device.name })));
});

test('who asks when devices were used is asked for nothing but the own mailbox', async () => {
  const wire = await gateway.session(al);
  const told = vi.spyOn(gateway.bus, 'tell');
  const answer = wire.request({ type: 'devices.used' });
  await vi.waitUntil(() => gateway.bus.others.some(({ type }) => type === 'devices.used'), PATIENTLY);
  expect(told.mock.lastCall?.[0]).toMatchObject({ kind: 'mailbox', key: al.address });
  const asked = gateway.bus.others.find((command) => command.type === 'devices.used');
  if (asked?.type !== 'devices.used') throw new Error('not asked');
  gateway.bus.answer(asked.reply.re, { used: [] });
  expect(await answer).toMatchObject({ type: 'ok', used: [] });
});

describe('a bus that is away', () => {
  const readyz = async (): Promise<number> => (await fetch(`${gateway.url.replace('ws', 'http')}/readyz`)).status;

  test('for less than 10 s changes nothing', async () => {
    const wire = await gateway.session(al, true);
    gateway.bus.awayMs = 9_000;
    gateway.pass(1_000);
    expect(await readyz()).toBe(200);
    await isOpen(wire);
  });

  test('for 10 s sends clients elsewhere, refuses new ones and says that it is not ready, until the bus is back', async () => {
    const wires = [await gateway.session(al, true), await Wire.open(gateway.url)];
    gateway.bus.awayMs = 10_000;
    gateway.pass(1_000);
    expect(await Promise.all(wires.map(({ closed }) => closed))).toEqual([CLOSE.goElsewhere, CLOSE.goElsewhere]);
    expect(await readyz()).toBe(503);
    await expect(Wire.open(gateway.url)).rejects.toThrow();
    gateway.bus.awayMs = 0;
    expect(await readyz()).toBe(200);
    await isOpen(await gateway.session(al, true));
  });

  test('because it is short of memory or disk makes the gateway not ready, and closes nobody: what is acked makes room', async () => {
    const wire = await gateway.session(al, true);
    gateway.bus.blocked = true;
    gateway.pass(1_000);
    expect(await readyz()).toBe(503);
    await isOpen(wire);
    await isOpen(await gateway.session(bo, true));
    gateway.bus.blocked = false;
    expect(await readyz()).toBe(200);
  });
});

test('a gateway that has its port and not yet its bus is alive, not ready, and takes nobody', async () => {
  const early = await Gateway.listening();
  try {
    const http = early.url.replace('ws', 'http');
    expect((await fetch(`${http}/healthz`)).status).toBe(200);
    expect((await fetch(`${http}/readyz`)).status).toBe(503);
    await expect(Wire.open(early.url)).rejects.toThrow();
    early.listener.open();
    expect((await fetch(`${http}/readyz`)).status).toBe(200);
    await isOpen(await Wire.open(early.url));
  } finally {
    await early.stop();
  }
});
