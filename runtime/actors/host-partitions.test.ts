// What the host does with its actors when their partition comes, goes to somebody else in good order, or is lost.
import { setImmediate as tick } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Addressed, MailboxCommand } from '#protocol/commands.ts';
import { Unavailable } from '#protocol/errors.ts';
import { command, lengthOf } from '../bus/bus.contract.ts';
import type { Bus, Delivery, PartitionConsumer } from '../bus/bus.ts';
import { partitionOf } from '../partitions.ts';
import { LocalSignals } from '../signals.ts';
import type { Incoming, Plan } from './actor.ts';
import { ActorHost } from './host.ts';

const PARTITIONS = 4;
const AL = partitionOf('al', PARTITIONS);

type Given = readonly Incoming<'mailbox'>[];

/** An actor that holds what it is given, stores it when its partition leaves, and says what happens to it. */
describe('the host of a partition', () => {
  let lines: string[];
  let host: ActorHost<'mailbox', string>;
  let gate: Promise<void> | undefined;
  let away: boolean;
  let decide: (batch: Given) => Plan<string>;
  let waiters: (() => void)[];

  const say = (line: string): void => {
    lines.push(line);
    for (const wake of waiters.splice(0)) wake();
  };
  const until = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await new Promise<void>((resolve) => waiters.push(resolve));
  };
  const settledOf = (batch: Given): Delivery[] =>
    batch.flatMap((one) => ('command' in one && one.delivery ? [one.delivery] : []));
  const delivery = (n: number, key = 'al', poison = false): Delivery => ({
    to: command(key, n),
    redelivered: false,
    poison,
    size: 1,
    settle: () => say(`settled ${n}`),
  });

  beforeEach(() => {
    lines = [];
    waiters = [];
    gate = undefined;
    away = false;
    decide = () => ({});
    const bus = {
      inbox: 'here',
      partitions: PARTITIONS,
      consume: (_kind: string, _consumer: PartitionConsumer) => {},
      send: () => say('told'),
      tell: (to: Addressed) => say(`passed on ${lengthOf(to)}`),
    } as unknown as Bus; // what a host without effects uses of it
    host = new ActorHost<'mailbox', string>({
      type: {
        kind: 'mailbox',
        activate: async (key) => {
          say(`loaded ${key}`);
          let held: Delivery[] = [];
          return {
            idle: true,
            turn(batch) {
              for (const one of batch) if ('command' in one) say(`turn ${lengthOf(addressed(key, one.command))}`);
              held.push(...settledOf(batch));
              return decide(batch);
            },
            leave() {
              const plan = { writes: held.map(({ to }) => `stored ${lengthOf(to)}`), settled: held };
              held = [];
              return plan;
            },
            gone: (inbox) => [{ type: 'detach', device: 'a1', at: { inbox, session: 1 } }],
            drop: () => {
              say('dropped');
              return [];
            },
          };
        },
        write: async (_key, writes) => {
          await gate;
          if (away) {
            say('away');
            throw new Unavailable('away');
          }
          for (const write of writes) say(write);
        },
      },
      bus,
      signals: new LocalSignals(),
      log: pino({ level: 'silent' }),
      now: () => 1_000_000,
      observer: { turn() {}, repeated() {}, quarantined() {} },
      quarantine: { keep: async (to, reason) => say(`quarantined ${lengthOf(to)} ${reason}`) },
    });
  });
  afterEach(() => host.stop());

  const addressed = (key: string, inner: MailboxCommand): Addressed => ({ kind: 'mailbox', key, command: inner });

  test('gives no turn to what comes for a partition that is not its own', async () => {
    host.deliver([delivery(1)]);
    expect(host.told(command('al', 2))).toBe(false);
    await tick();
    expect(lines).toEqual([]);
    host.gained(AL, 1);
    host.deliver([delivery(3)]);
    await until('turn 3');
    expect(lines).toEqual(['loaded al', 'turn 3']);
  });

  test('hands over: the turn that runs ends, what is held is stored and settled, what waits is left', async () => {
    host.gained(AL, 1);
    host.deliver([delivery(1)]);
    await until('turn 1');
    let open = () => {};
    gate = new Promise((resolve) => (open = resolve));
    decide = () => ({ writes: ['wrote 2'] });
    host.deliver([delivery(2)]);
    await until('turn 2');
    host.deliver([delivery(3)]);
    expect(host.told(command('al', 6))).toBe(true); // it waits, and is in no queue
    const handedOver = host.handOver(AL).then(() => say('handed over'));
    host.deliver([delivery(4)]);
    expect(host.told(command('al', 5))).toBe(false); // for the next owner
    open();
    await handedOver;
    host.lost(AL);
    expect(lines).toEqual([
      'loaded al',
      'turn 1',
      'turn 2',
      'passed on 6',
      'wrote 2',
      'stored 1',
      'stored 2',
      'settled 1',
      'settled 2',
      'handed over',
      'dropped',
    ]);
    expect(host.active).toBe(0);
  });

  test('hands over in good time although the store is away: what is held goes back to the queue', async () => {
    host.gained(AL, 1);
    host.deliver([delivery(1)]);
    await until('turn 1');
    away = true;
    await host.handOver(AL);
    host.lost(AL);
    expect(lines).not.toContain('settled 1');
    expect(lines).toContain('away');
  });

  test('ends what it tries for a partition that is lost, and loads its actors anew when it comes back', async () => {
    host.gained(AL, 1);
    away = true;
    decide = (batch) => ({ writes: ['wrote'], settled: settledOf(batch) });
    host.deliver([delivery(1)]);
    await until('away');
    host.lost(AL);
    away = false;
    host.gained(AL, 2);
    host.deliver([delivery(1)]);
    await until('settled 1');
    expect(lines.filter((line) => line.startsWith('loaded'))).toHaveLength(2);
    expect(lines.filter((line) => line === 'settled 1')).toHaveLength(1);
  });

  test('leaves the actors of other partitions alone', async () => {
    const other = ['bo', 'cy', 'di', 'ed'].find((key) => partitionOf(key, PARTITIONS) !== AL) ?? '';
    host.gained(AL, 1);
    host.gained(partitionOf(other, PARTITIONS), 1);
    host.deliver([delivery(1), delivery(2, other)]);
    await until('turn 2');
    await host.handOver(AL);
    host.lost(AL);
    host.deliver([delivery(3, other)]);
    await until('turn 3');
    expect(lines.filter((line) => line === `loaded ${other}`)).toHaveLength(1);
    expect(host.active).toBe(1);
  });

  test('says since when the oldest command waits that is not decided; what is held is decided', async () => {
    host.gained(AL, 1);
    let open = () => {};
    gate = new Promise((resolve) => (open = resolve));
    decide = () => ({ writes: ['wrote'] });
    host.deliver([{ ...delivery(1), since: 5 }]);
    await until('turn 1');
    host.deliver([{ ...delivery(2), since: 7 }]);
    expect(host.undecidedSince()).toEqual(new Map([[AL, 5]]));
    open();
    await until('turn 2');
    expect(lines).not.toContain('settled 1');
    while (host.undecidedSince().size > 0) await tick();
  });

  test('puts aside, without a turn, what its owners did not survive', async () => {
    host.gained(AL, 1);
    host.deliver([delivery(1, 'al', true)]);
    await until('settled 1');
    expect(lines).toEqual(['quarantined 1 Error: its owners did not survive it', 'settled 1']);
  });

  test('has its actors detach what was connected through an inbox that is gone', async () => {
    host.gained(AL, 1);
    host.deliver([delivery(1)]);
    await until('turn 1');
    const given: string[] = [];
    decide = (batch) => {
      for (const one of batch) if ('command' in one) given.push(JSON.stringify(one.command));
      say('given');
      return {};
    };
    host.gone('gateway');
    await until('given');
    expect(given).toEqual([JSON.stringify({ type: 'detach', device: 'a1', at: { inbox: 'gateway', session: 1 } })]);
  });
});
