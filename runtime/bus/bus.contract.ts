// What every bus does, whatever carries it. Each implementation runs this suite (journal.test.ts, amqp/amqp-bus.test.ts).
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Addressed, InboxMessage } from '#protocol/commands.ts';
import { partitionOf } from '../partitions.ts';
import type { Bus, Delivery, PartitionConsumer } from './bus.ts';

/** A place where buses can be made, lost without a word, and made again on the same queues. */
export interface BusHarness {
  /** One that has not been started. */
  make(): Promise<Bus>;
  /** As `kill -9` would: nothing more is written, nothing is handed over. */
  crash(bus: Bus): Promise<void>;
  dispose(): Promise<void>;
}

export const command = (key: string, length: number): Addressed => ({
  kind: 'mailbox',
  key,
  command: { type: 'account', length, devices: [], deleted: false },
});

/** Of the same message each time, for another device. */
const groupDelivery = (device: string): Addressed => ({
  kind: 'mailbox',
  key: 'al@localhost',
  command: {
    type: 'deliver',
    item: {
      ...{
        type: 'message',
        id: 'id',
        from: 'bo@localhost',
        device: 'b1',
        conversation: 'team',
        seq: 1,
        header: 'header',
      },
      ...{ body: 'body', slots: { [device]: 'slot' }, receivedAt: 1, expiresAt: 2 },
      group: { name: 'team@localhost', number: 1, persons: 3 },
    },
  },
});

export const lengthOf = ({ kind, command }: Addressed): number =>
  kind === 'mailbox' && command.type === 'account' ? command.length : -1;

/** Collects what a consumer is given and lets a test wait for it. */
export class Recorder implements PartitionConsumer {
  readonly deliveries: Delivery[] = [];
  readonly tolds: Addressed[] = [];
  readonly goneInboxes: string[] = [];
  /** The partitions that it owns, each with its epoch. */
  readonly owned = new Map<number, number>();
  readonly lostPartitions: number[] = [];
  /** How often it was given something. */
  frames = 0;
  /** What it does before a partition goes to another owner. */
  beforeHandOver: (partition: number) => Promise<void> = async () => {};
  /** Settles what it is given, at once. */
  settling = false;
  #waiters: (() => void)[] = [];

  gained(partition: number, epoch: number): void {
    this.owned.set(partition, epoch);
    this.#wake();
  }

  async handOver(partition: number): Promise<void> {
    await this.beforeHandOver(partition);
  }

  lost(partition: number): void {
    this.owned.delete(partition);
    this.lostPartitions.push(partition);
    this.#wake();
  }

  deliver(deliveries: readonly Delivery[]): void {
    this.frames += 1;
    this.deliveries.push(...deliveries);
    if (this.settling) for (const delivery of deliveries) delivery.settle();
    this.#wake();
  }

  /** What it was given and has not decided, if a test says so. */
  undecidedSince = (): ReadonlyMap<number, number> => new Map();

  told(command: Addressed): boolean {
    this.tolds.push(command);
    this.#wake();
    return true;
  }

  gone(inbox: string): void {
    this.goneInboxes.push(inbox);
    this.#wake();
  }

  /** Resolves once so many commands have come. */
  until(count: number): Promise<void> {
    return this.when(() => this.deliveries.length >= count);
  }

  async when(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  get lengths(): number[] {
    return this.deliveries.map(({ to }) => lengthOf(to));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

export function busContract(name: string, makeHarness: () => Promise<BusHarness>): void {
  describe(`the ${name} bus`, () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(() => harness.dispose());

    const start = async (): Promise<{ bus: Bus; recorder: Recorder }> => {
      const bus = await harness.make();
      const recorder = new Recorder();
      bus.consume('mailbox', recorder);
      await bus.start();
      return { bus, recorder };
    };
    /** Expects that nothing is left in al's queue: what is published now is the first that comes. */
    const expectNothingLeft = async (): Promise<void> => {
      const { bus, recorder } = await start();
      await bus.publish([command('al@localhost', 99)]);
      await recorder.until(1);
      expect(recorder.lengths).toEqual([99]);
      recorder.deliveries[0]?.settle();
      await bus.close();
    };

    test('hands out what was published to one actor in the order of publishing', async () => {
      const { bus, recorder } = await start();
      const numbers = Array.from({ length: 200 }, (_, i) => i);
      await Promise.all(numbers.map((n) => bus.publish([command('al@localhost', n)])));
      await recorder.until(200);
      expect(recorder.lengths).toEqual(numbers);
      await bus.close();
    });

    test('carries together what is published while earlier frames are on their way', async () => {
      const { bus, recorder } = await start();
      const published: Promise<void>[] = [];
      for (let n = 0; n < 500; n += 1) {
        published.push(bus.publish([command('al@localhost', n)]));
        if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(published);
      await recorder.until(500);
      expect(recorder.frames).toBeLessThan(100);
      expect(recorder.lengths).toEqual(Array.from({ length: 500 }, (_, n) => n));
      await bus.close();
    });

    test('says that a partition is owned before its first command comes, each time under a greater epoch', async () => {
      const epochs: number[] = [];
      for (let round = 0; round < 2; round += 1) {
        const { bus, recorder } = await start();
        await bus.publish([command('al@localhost', 1)]);
        await recorder.until(1);
        epochs.push(...recorder.owned.values());
        await harness.crash(bus);
      }
      expect(Math.max(...epochs)).toBeGreaterThan(Math.min(...epochs));
    });

    test('gives back deliveries of one message to a group as they were published, among others, and again after a crash', async () => {
      const { bus, recorder } = await start();
      const published = [groupDelivery('a1'), command('al@localhost', 1), groupDelivery('a2'), groupDelivery('a3')];
      await bus.publish(published);
      await recorder.until(published.length);
      expect(recorder.deliveries.map(({ to }) => to)).toEqual(published);
      await harness.crash(bus);
      const { bus: next, recorder: again } = await start();
      await again.until(published.length);
      expect(again.deliveries.map(({ to }) => to)).toEqual(published);
      for (const delivery of again.deliveries) delivery.settle();
      await next.close();
      await expectNothingLeft();
    });

    test('hands out again, in order and marked, what a crash left unsettled, and nothing that was settled', async () => {
      const { bus, recorder } = await start();
      for (const n of [1, 2, 3]) await bus.publish([command('al@localhost', n)]);
      await recorder.until(3);
      expect(recorder.deliveries.some(({ redelivered }) => redelivered)).toBe(false);
      recorder.deliveries[1]?.settle();
      await bus.publish([command('al@localhost', 4)]); // carries the removal of 2
      await recorder.until(4);
      await harness.crash(bus);

      const next = await start();
      await next.recorder.until(3);
      expect(next.recorder.lengths).toEqual([1, 3, 4]);
      expect(next.recorder.deliveries.every(({ redelivered }) => redelivered)).toBe(true);
      await next.bus.close();
    });

    test('a frame stays until each of its commands is settled', async () => {
      const { bus, recorder } = await start();
      await bus.publish([command('al@localhost', 1), command('al@localhost', 2)]);
      await recorder.until(2);
      recorder.deliveries[0]?.settle();
      await bus.close();

      const next = await start();
      await next.recorder.when(() => next.recorder.lengths.includes(2));
      for (const delivery of next.recorder.deliveries) delivery.settle();
      await next.bus.close();
      await expectNothingLeft();
    });

    test('settling twice is settling once', async () => {
      const { bus, recorder } = await start();
      await bus.publish([command('al@localhost', 1), command('al@localhost', 2)]);
      await recorder.until(2);
      recorder.deliveries[0]?.settle();
      recorder.deliveries[0]?.settle();
      await bus.close();
      const next = await start();
      await next.recorder.when(() => next.recorder.lengths.includes(2));
      await next.bus.close();
    });

    test('what is relayed is handed out at once, and resolves when it is settled', async () => {
      const { bus, recorder } = await start();
      const relayed = bus.relay([command('al@localhost', 1)]);
      await recorder.until(1);
      recorder.deliveries[0]?.settle();
      await relayed;
      await bus.close();
      await expectNothingLeft();
    });

    test('what is relayed and not settled is on disk once it resolves', async () => {
      const { bus, recorder } = await start();
      await bus.relay([command('al@localhost', 1), command('bo@localhost', 2)]);
      await recorder.until(2);
      await harness.crash(bus);
      const next = await start();
      await next.recorder.until(2);
      expect(next.recorder.lengths.sort()).toEqual([1, 2]);
      await next.bus.close();
    });

    test('what is told reaches the owner; what is sent reaches the inbox and no other', async () => {
      const { bus, recorder } = await start();
      const heard: InboxMessage[] = [];
      bus.onMessage({ message: (message) => heard.push(message) });
      await recorder.when(() => recorder.owned.has(partitionOf('al@localhost', bus.partitions)));
      bus.tell(command('al@localhost', 5));
      bus.send(bus.inbox, { type: 'reattach', session: 7 });
      bus.send('an inbox that is gone', { type: 'reattach', session: 8 });
      await recorder.when(() => recorder.tolds.length > 0 && recorder.goneInboxes.length > 0);
      expect(recorder.tolds).toEqual([command('al@localhost', 5)]);
      expect(recorder.goneInboxes).toEqual(['an inbox that is gone']);
      expect(heard).toEqual([{ type: 'reattach', session: 7 }]);
      await bus.close();
    });
  });
}
