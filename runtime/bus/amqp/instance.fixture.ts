// An instance in a process of its own, so that a test can kill and freeze it. Run as a program it owns its share of the mailboxes,
// settles every command at once and reports; the epochs come from the test, as from a store.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { PartitionEpochs } from '../../store/meta.ts';
import { lengthOf } from '../bus.contract.ts';
import { AmqpBus } from './amqp-bus.ts';
import { MemorySuspects, MemoryUnreadable, PARTITIONS } from './broker.fixture.ts';

type Report =
  | { readonly type: 'take'; readonly partition: number }
  | { readonly type: 'gained' | 'lost'; readonly partition: number }
  | { readonly type: 'settled'; readonly n: number };

/** The test's end of it. */
export class Instance {
  readonly owned = new Set<number>();
  readonly settled: number[] = [];
  readonly #child: ChildProcess;
  #waiters: (() => void)[] = [];

  constructor(url: string, prefix: string, name: string, epochs: PartitionEpochs) {
    this.#child = fork(fileURLToPath(import.meta.url), [url, prefix, name], { execArgv: [] });
    this.#child.on('message', (report: Report) => void this.#hear(report, epochs));
  }

  async when(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** Resolves when the process has ended. */
  async ended(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await new Promise((resolve) => this.#child.once('exit', resolve));
  }

  async #hear(report: Report, epochs: PartitionEpochs): Promise<void> {
    if (report.type === 'take') {
      const epoch = await epochs.take('mailbox', report.partition);
      this.#child.send({ partition: report.partition, epoch }, () => {}); // it may have been killed meanwhile
    } else if (report.type === 'settled') this.settled.push(report.n);
    else if (report.type === 'gained') this.owned.add(report.partition);
    else this.owned.delete(report.partition);
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

async function main(url = '', prefix = '', instance = ''): Promise<void> {
  const say = (report: Report): void => void process.send?.(report);
  const waiting = new Map<number, (epoch: number) => void>();
  process.on('message', ({ partition, epoch }: { partition: number; epoch: number }) =>
    waiting.get(partition)?.(epoch),
  );
  process.on('disconnect', () => process.exit());
  const bus = new AmqpBus({
    url,
    prefix,
    instance,
    partitions: PARTITIONS,
    forms: [1],
    epochs: {
      take: (_kind, partition) =>
        new Promise((resolve) => {
          waiting.set(partition, resolve);
          say({ type: 'take', partition });
        }),
    },
    suspects: new MemorySuspects(),
    unreadable: new MemoryUnreadable(),
    log: pino({ level: 'silent' }),
    jitter: Math.random,
  });
  bus.consume('mailbox', {
    gained: (partition) => say({ type: 'gained', partition }),
    lost: (partition) => say({ type: 'lost', partition }),
    handOver: async () => {},
    undecidedSince: () => new Map(),
    deliver(deliveries) {
      for (const delivery of deliveries) {
        delivery.settle();
        say({ type: 'settled', n: lengthOf(delivery.to) });
      }
    },
    told: () => true,
    gone() {},
  });
  process.on('SIGTERM', () => void bus.close().then(() => process.exit()));
  await bus.start();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(...process.argv.slice(2));
