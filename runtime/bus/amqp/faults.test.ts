// What a broker does to those who stand on it: refuses, is not there yet, goes away, loses a queue, hands out again and again.
// (It is restarted in broker.restart.test.ts.)
import { connect } from 'amqplib';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import { ConfigError } from '../../config.ts';
import { partitionOf } from '../../partitions.ts';
import { command, Recorder } from '../bus.contract.ts';
import type { Bus } from '../bus.ts';
import { AmqpBus } from './amqp-bus.ts';
import {
  Deployment,
  MemoryEpochs,
  MemorySuspects,
  MemoryUnreadable,
  PARTITIONS,
  publishAgain,
} from './broker.fixture.ts';

const AL = 'al@localhost';

function busAt(url: string, prefix = 'parley-test'): AmqpBus {
  return new AmqpBus({
    url,
    prefix,
    partitions: PARTITIONS,
    forms: [1],
    instance: 'i0',
    epochs: new MemoryEpochs(),
    suspects: new MemorySuspects(),
    unreadable: new MemoryUnreadable(),
    log: pino({ level: 'silent' }),
    jitter: Math.random,
  });
}

describe('the URL of a broker', () => {
  test.each([
    '',
    'rabbit',
    'localhost:5672',
    'http://localhost',
    'amqp://',
    'amqp:///vhost',
    'amqp://guest:guest@host:port',
    'amqp://guest:guest@host:70000',
    'amqp://guest:100%@host',
    'amqp://guest:guest@host/%vhost',
  ])('%j stops the start with a sentence', (url) => {
    expect(() => busAt(url)).toThrow(ConfigError);
  });
});

describeOn('AMQP', 'faults of RabbitMQ', (url) => {
  let place: Deployment;
  beforeEach(() => {
    place = new Deployment(url);
  });
  afterEach(() => place.dispose());

  const join = async (): Promise<{ bus: Bus; recorder: Recorder }> => {
    const bus = await place.make();
    const recorder = new Recorder();
    bus.consume('mailbox', recorder);
    await bus.start();
    return { bus, recorder };
  };
  test.each([
    ['password', (at: URL) => (at.password = 'wrong')],
    ['virtual host', (at: URL) => (at.pathname = '/nowhere')],
  ])('a wrong %s stops the start with a sentence that names no secret', async (_, change) => {
    const wrong = new URL(url);
    change(wrong);
    const bus = busAt(wrong.href);
    const refusal = await bus.start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigError);
    expect(String(refusal)).toMatch(/refuses the user guest.*check user, password and virtual host/);
    expect(String(refusal)).not.toContain('wrong');
    await bus.close();
  });

  test('a broker that is not there yet is waited for; meanwhile the bus is away and takes nothing', async () => {
    const bus = await place.make();
    await place.networkOf(bus).cut();
    const started = bus.start();
    expect(bus.awayMs).toBeGreaterThan(0);
    await expect(bus.publish([command(AL, 1)])).rejects.toThrow(Unavailable);
    await place.networkOf(bus).mend();
    await started;
    expect(bus.awayMs).toBe(0);
    await bus.publish([command(AL, 1)]);
  });

  test('a bus that waits for its broker can be closed', async () => {
    const bus = await place.make();
    await place.networkOf(bus).cut();
    const started = bus.start();
    await bus.close();
    await started;
  });

  test('a connection that is lost is replaced: what was not confirmed is refused, its partitions are lost and gained again', async () => {
    const { bus, recorder } = await join();
    await recorder.when(() => recorder.owned.size === PARTITIONS);
    const epoch = recorder.owned.get(0) ?? 0;
    await bus.publish([command(AL, 1)]);
    await recorder.until(1);
    place.networkOf(bus).freeze();
    const unconfirmed = bus.publish([command(AL, 2)]);
    const refused = expect(unconfirmed).rejects.toThrow(Unavailable);
    await place.networkOf(bus).cut();
    await refused;
    await recorder.when(() => recorder.owned.size === 0);
    recorder.deliveries[0]?.settle(); // too late: it does nothing
    await place.networkOf(bus).mend();
    await publishAgain(bus, command(AL, 3));
    await recorder.when(() => recorder.lengths.includes(3));
    expect(recorder.lengths).toEqual([1, 1, 3]);
    await recorder.when(() => recorder.owned.size === PARTITIONS);
    expect(recorder.owned.get(0)).toBeGreaterThan(epoch);
  });

  test('a queue that is deleted is declared again, by its owner and by who publishes', async () => {
    const { recorder } = await join();
    const sender = await place.make();
    await sender.start();
    await recorder.when(() => recorder.owned.size === PARTITIONS);
    const partition = partitionOf(AL, PARTITIONS);
    const model = await connect(url);
    const channel = await model.createChannel();
    await channel.deleteQueue(`${place.prefix}.mailbox.${partition}`);
    await model.close();
    await recorder.when(() => !recorder.owned.has(partition));
    await publishAgain(sender, command(AL, 1));
    await recorder.until(1);
    expect(recorder.lengths).toEqual([1]);
  });

  test('what came back often is handed out one by one; what does not survive even that is marked, and the rest goes on', async () => {
    let { bus, recorder } = await join();
    await bus.publish([1, 2, 3].map((n) => command(AL, n)));
    await bus.publish([command(AL, 4)]);
    for (let round = 0; round < 5; round += 1) {
      await recorder.until(4);
      expect(recorder.deliveries.some(({ poison }) => poison)).toBe(false);
      await place.crash(bus);
      place.suspects.noted.clear(); // an orderly end takes its notes back; these were none of theirs
      ({ bus, recorder } = await join());
    }
    await recorder.until(1);
    expect(recorder.lengths).toEqual([1]);
    recorder.deliveries[0]?.settle();
    await recorder.until(2);
    expect(recorder.lengths).toEqual([1, 2]);
    // 2 kills its owner: the note stays, as in a store.
    const noted = new Set(place.suspects.noted);
    expect(noted.size).toBe(1);
    await place.crash(bus);
    for (const id of noted) place.suspects.noted.add(id);
    ({ bus, recorder } = await join());
    recorder.settling = true;
    await recorder.until(4);
    expect(recorder.lengths).toEqual([1, 2, 3, 4]);
    expect(recorder.deliveries.map(({ poison }) => poison)).toEqual([false, true, false, false]);
    await recorder.when(() => place.suspects.noted.size === 0);
  });
});
