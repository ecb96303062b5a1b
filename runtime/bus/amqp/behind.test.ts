// An owner that does not come after what is published for its partition says so, and everybody who publishes knows.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PATIENTLY } from '../../../test/patience.fixture.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import { partitionOf } from '../../partitions.ts';
import { command, Recorder } from '../bus.contract.ts';
import type { AmqpBus } from './amqp-bus.ts';
import { Deployment, PARTITIONS } from './broker.fixture.ts';
import { PREFETCH_FRAMES } from './subscription.ts';

const AL = 'al@localhost';
const PARTITION = partitionOf(AL, PARTITIONS);
const BEHIND_MS = 1_500;

describeOn('AMQP', 'an owner that is behind', (url) => {
  let place: Deployment;
  let recorder: Recorder;
  let gateway: AmqpBus;

  beforeEach(async () => {
    place = new Deployment(url);
    const owner = await place.make();
    recorder = new Recorder();
    owner.consume('mailbox', recorder);
    await owner.start();
    await recorder.when(() => recorder.owned.size === PARTITIONS);
    gateway = await place.make();
    await gateway.start();
  });
  afterEach(() => place.dispose());

  const lag = () => gateway.lagMsOf('mailbox', AL);
  /** What it hears from others has no event for a test. */
  const until = (isSo: () => boolean): Promise<boolean> => vi.waitUntil(isSo, PATIENTLY);

  test('with commands that wait for their turn says so, until they are decided, settled or not', async () => {
    await gateway.publish([command(AL, 1)]);
    await recorder.until(1);
    const since = recorder.deliveries[0]?.since ?? 0;
    recorder.undecidedSince = () => new Map([[PARTITION, since]]);
    await until(() => lag() > BEHIND_MS);
    expect(gateway.lagMsOf('account', AL)).toBe(0);
    recorder.undecidedSince = () => new Map();
    await until(() => lag() === 0);
  });

  test('with a queue that it does not get to says so, until it has read it', async () => {
    for (let n = 0; n < PREFETCH_FRAMES + 10; n += 1) await gateway.publish([command(AL, n)]);
    await recorder.until(PREFETCH_FRAMES);
    await until(() => lag() > BEHIND_MS);
    recorder.settling = true;
    for (const delivery of recorder.deliveries) delivery.settle();
    await recorder.until(PREFETCH_FRAMES + 10);
    await until(() => lag() === 0);
  });
});
