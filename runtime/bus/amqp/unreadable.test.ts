// What stands in a partition's queue and cannot be read: of a version that only others read, or by nobody at all.
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeOn } from '../../../test/services.fixture.ts';
import { partitionOf } from '../../partitions.ts';
import { command, Recorder } from '../bus.contract.ts';
import type { AmqpBus } from './amqp-bus.ts';
import { Deployment, PARTITIONS } from './broker.fixture.ts';
import { Pause } from './pause.ts';

const AL = 'al@localhost';
const PARTITION = partitionOf(AL, PARTITIONS);
const ANOTHER_VERSION = 'commands/99';

/** How often at most an instance takes, in so many ms, a queue with what it cannot read: each time that its pause is over. */
function takesIn(ms: number): number {
  const pause = new Pause();
  let takes = 0;
  for (let now = 0; now <= ms; now += 1) {
    if (!pause.isOver(now)) continue;
    takes += 1;
    pause.begin(now);
  }
  return takes;
}

describeOn('AMQP', 'a queue with what cannot be read', (url) => {
  let place: Deployment;
  let queue: string;
  let model: ChannelModel;
  let channel: ConfirmChannel;
  let bus: AmqpBus;
  let recorder: Recorder;

  beforeEach(async () => {
    place = new Deployment(url);
    queue = `${place.prefix}.mailbox.${PARTITION}`;
    model = await connect(url);
    channel = await model.createConfirmChannel();
    bus = await place.make();
    recorder = new Recorder();
    recorder.settling = true;
    bus.consume('mailbox', recorder);
    await bus.start();
    await recorder.when(() => recorder.owned.size === PARTITIONS);
  });
  afterEach(async () => {
    await model.close();
    await place.dispose();
  });

  const put = async (type: string, content: string): Promise<void> => {
    channel.publish('', queue, Buffer.from(content), { type, persistent: true });
    await channel.waitForConfirms();
  };

  test.each([
    ['no JSON', '[{"kind":"mail'],
    ['no list', '{"kind":"mailbox"}'],
    ['a list of something else', '[1]'],
    ['a command for another kind', JSON.stringify([{ kind: 'account', key: AL, command: { type: 'log.get' } }])],
    ['a command for nobody', JSON.stringify([{ kind: 'mailbox', command: { type: 'sweep' } }])],
  ])('puts %s aside, once, and goes on', async (_, content) => {
    await put('commands/1', content);
    await bus.publish([command(AL, 1)]);
    await recorder.until(1);
    expect(place.unreadable.kept).toMatchObject([{ queue, content }]);
    expect(recorder.lostPartitions).toEqual([]);
  });

  test('waits until what is broken is kept, whatever comes of its store meanwhile', async () => {
    place.unreadable.failures = 2;
    await put('commands/1', '[');
    await bus.publish([command(AL, 1)]);
    await recorder.until(1);
    expect(place.unreadable.kept).toHaveLength(1);
    expect(place.unreadable.failures).toBe(0);
  });

  test('decides what comes before another version, hands over, and leaves the rest to who can read it', async () => {
    const start = performance.now();
    const expectFewTakes = () => {
      expect(new Set(recorder.lostPartitions)).toEqual(new Set([PARTITION]));
      expect(recorder.lostPartitions.length).toBeLessThanOrEqual(takesIn(performance.now() - start));
    };
    await bus.publish([command(AL, 1)]);
    await put(ANOTHER_VERSION, 'of the next version');
    await bus.publish([command(AL, 2)]);
    await recorder.when(() => recorder.lostPartitions.includes(PARTITION));
    expect(recorder.lengths).toEqual([1]);
    // It does not take it again and again: this consumer comes to the queue some heartbeats later.
    const { aliveExchange } = place;
    const { queue: inbox } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(inbox, aliveExchange, '');
    let beats = 0;
    await new Promise<void>((resolve) => {
      void channel.consume(inbox, () => (++beats === 3 ? resolve() : undefined), { noAck: true });
    });
    expectFewTakes();
    const newer = await model.createChannel();
    await newer.prefetch(1);
    const read = await new Promise<string>((resolve) => {
      void newer.consume(queue, (message) => {
        if (!message) return;
        newer.ack(message);
        resolve(String(message.properties.type));
      });
    });
    expect(read).toBe(ANOTHER_VERSION);
    await newer.close();
    await recorder.until(2);
    expect(recorder.lengths).toEqual([1, 2]);
    expectFewTakes();
    expect(place.unreadable.kept).toEqual([]);
  });

  test('leaves it again when it has taken it again, also if that stands before it as soon as it reads', async () => {
    await put(ANOTHER_VERSION, 'of the next version');
    await recorder.when(() => recorder.lostPartitions.length === 2);
    expect(recorder.lostPartitions).toEqual([PARTITION, PARTITION]);
  });
});
