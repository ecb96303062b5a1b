// What every bus does, whatever carries it. Each implementation runs this suite (journal.test.ts).
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Addressed, InboxMessage } from '#protocol/commands.ts';
import type { Bus, Delivery } from './bus.ts';

/** A place where a bus can be started, lost without a word, and started again on the same queues. */
export interface BusHarness {
  start(): Promise<Bus>;
  /** As `kill -9` would: nothing more is written, nothing is handed over. */
  crash(bus: Bus): Promise<void>;
  dispose(): Promise<void>;
}

export const command = (key: string, length: number): Addressed => ({
  kind: 'mailbox',
  key,
  command: { type: 'account', length, devices: [], deleted: false },
});

/** Collects what a consumer is given and lets a test wait for it. */
export class Recorder {
  readonly deliveries: Delivery[] = [];
  readonly tolds: Addressed[] = [];
  #waiters: (() => void)[] = [];

  deliver(deliveries: readonly Delivery[]): void {
    this.deliveries.push(...deliveries);
    for (const wake of this.#waiters.splice(0)) wake();
  }

  told(command: Addressed): void {
    this.tolds.push(command);
  }

  async until(count: number): Promise<void> {
    while (this.deliveries.length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }
}

const lengths = (deliveries: readonly Delivery[]): number[] =>
  deliveries.map(({ to }) => (to.kind === 'mailbox' && to.command.type === 'account' ? to.command.length : -1));

export function busContract(name: string, makeHarness: () => Promise<BusHarness>): void {
  describe(`the ${name} bus`, () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(() => harness.dispose());

    test('hands out what was published to one actor in the order of publishing', async () => {
      const bus = await harness.start();
      const recorder = new Recorder();
      bus.consume('mailbox', recorder);
      const numbers = Array.from({ length: 200 }, (_, i) => i);
      await Promise.all(numbers.map((n) => bus.publish([command('al@localhost', n)])));
      await recorder.until(200);
      expect(lengths(recorder.deliveries)).toEqual(numbers);
      await bus.close();
    });

    test('hands out again, in order and marked, what a crash left unsettled, and nothing that was settled', async () => {
      const bus = await harness.start();
      const recorder = new Recorder();
      bus.consume('mailbox', recorder);
      for (const n of [1, 2, 3]) await bus.publish([command('al@localhost', n)]);
      await recorder.until(3);
      recorder.deliveries[1]?.settle();
      await bus.publish([command('al@localhost', 4)]); // carries the removal of 2
      await recorder.until(4);
      await harness.crash(bus);

      const next = await harness.start();
      const after = new Recorder();
      next.consume('mailbox', after);
      await next.recover();
      expect(lengths(after.deliveries)).toEqual([1, 3, 4]);
      expect(after.deliveries.every(({ redelivered }) => redelivered)).toBe(true);
      await next.close();
    });

    test('a frame stays until each of its commands is settled', async () => {
      const bus = await harness.start();
      const recorder = new Recorder();
      bus.consume('mailbox', recorder);
      await bus.publish([command('al@localhost', 1), command('al@localhost', 2)]);
      await recorder.until(2);
      recorder.deliveries[0]?.settle();
      await bus.close();

      const next = await harness.start();
      const after = new Recorder();
      next.consume('mailbox', after);
      await next.recover();
      expect(lengths(after.deliveries)).toContain(2);
      for (const delivery of after.deliveries) delivery.settle();
      await next.close();

      const last = await harness.start();
      const nothing = new Recorder();
      last.consume('mailbox', nothing);
      await last.recover();
      expect(nothing.deliveries).toEqual([]);
      await last.close();
    });

    test('what is relayed is handed out at once, and resolves when it is settled', async () => {
      const bus = await harness.start();
      const recorder = new Recorder();
      bus.consume('mailbox', recorder);
      const relayed = bus.relay([command('al@localhost', 1)]);
      await recorder.until(1);
      recorder.deliveries[0]?.settle();
      await relayed;
      await bus.close();
      const next = await harness.start();
      const nothing = new Recorder();
      next.consume('mailbox', nothing);
      await next.recover();
      expect(nothing.deliveries).toEqual([]);
      await next.close();
    });

    test('what is relayed and not settled is on disk once it resolves', async () => {
      const bus = await harness.start();
      const recorder = new Recorder();
      bus.consume('mailbox', recorder);
      await bus.relay([command('al@localhost', 1), command('bo@localhost', 2)]);
      await recorder.until(2);
      await harness.crash(bus);
      const next = await harness.start();
      const after = new Recorder();
      next.consume('mailbox', after);
      await next.recover();
      expect(lengths(after.deliveries).sort()).toEqual([1, 2]);
      await next.close();
    });

    test('what is told reaches the owner; what is sent reaches the inbox and no other', async () => {
      const bus = await harness.start();
      const recorder = new Recorder();
      bus.consume('mailbox', recorder);
      const heard: InboxMessage[] = [];
      bus.onMessage((message) => heard.push(message));
      bus.tell(command('al@localhost', 5));
      bus.send(bus.inbox, { type: 'reattach', session: 7 });
      bus.send('an inbox that is gone', { type: 'reattach', session: 8 });
      expect(recorder.tolds).toHaveLength(1);
      expect(heard).toEqual([{ type: 'reattach', session: 7 }]);
      await bus.close();
    });
  });
}
