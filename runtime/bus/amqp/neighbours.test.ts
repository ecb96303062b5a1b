// An instance of the version before, as the others see it: what is written while it lives is what it reads.
import { type ConfirmChannel, connect } from 'amqplib';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { PATIENTLY } from '../../../test/patience.fixture.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import { partitionOf } from '../../partitions.ts';
import { command } from '../bus.contract.ts';
import type { AmqpBus } from './amqp-bus.ts';
import { Deployment, PARTITIONS } from './broker.fixture.ts';
import { ALIVE_INTERVAL_MS } from './members.ts';
import { FRAME_VERSIONS } from './versions.ts';
import { ALIVE_TYPE, BYE_TYPE } from './wire.ts';

const AL = 'al@localhost';
const [OLDER = 0, NEWER = 0] = FRAME_VERSIONS.slice(-2);

describeOn('AMQP', 'beside an instance of the version before', (url) => {
  let place: Deployment;
  let channel: ConfirmChannel;
  let bus: AmqpBus;
  let close: () => Promise<void>;

  beforeEach(async () => {
    place = new Deployment(url);
    const model = await connect(url);
    close = () => model.close();
    channel = await model.createConfirmChannel();
    bus = await place.make();
    await bus.start();
  });
  afterEach(async () => {
    await close();
    await place.dispose();
  });

  /** Says something to every inbox, as an instance does. */
  const say = async (type: string, body: unknown): Promise<void> => {
    channel.publish(place.aliveExchange, '', Buffer.from(JSON.stringify(body)), { type });
    await channel.waitForConfirms();
  };
  /** The type of the frame in which a command is published now. */
  const typeWritten = async (): Promise<unknown> => {
    await bus.publish([command(AL, 1)]);
    const queue = `${place.prefix}.mailbox.${partitionOf(AL, PARTITIONS)}`;
    return new Promise((resolve) => {
      const reader = channel.consume(queue, (message) => {
        if (!message) return;
        channel.ack(message);
        resolve(reader.then(({ consumerTag }) => channel.cancel(consumerTag)).then(() => message.properties.type));
      });
    });
  };

  test('frames are written as it reads them, until it is no more; and nothing says that all read the newer form of data', async () => {
    await vi.waitUntil(() => bus.frameVersion === NEWER, PATIENTLY);
    expect(await typeWritten()).toBe(`commands/${NEWER}`);
    // `forms` is missing: it is from before there was a second one.
    const older = { instance: 'older', inbox: 'nowhere', takes: [], holds: [], reads: [OLDER], lags: [] };
    const beats = setInterval(() => void say(ALIVE_TYPE, older), ALIVE_INTERVAL_MS / 2);
    onTestFinished(() => clearInterval(beats));
    await vi.waitUntil(() => bus.frameVersion === OLDER, PATIENTLY);
    expect(await typeWritten()).toBe(`commands/${OLDER}`);
    expect([bus.readByAll(1), bus.readByAll(2)]).toEqual([true, false]);
    clearInterval(beats);
    await say(BYE_TYPE, older.instance);
    await vi.waitUntil(() => bus.frameVersion === NEWER, PATIENTLY);
    expect(await typeWritten()).toBe(`commands/${NEWER}`);
  });
});
