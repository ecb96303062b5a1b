// Buses on a real broker, each behind a network of its own, so that a test can cut one off as a crash does, or freeze its traffic as
// a pulled cable does. Every place has a queue prefix that no other test has, and leaves no queue behind.
import { connect } from 'amqplib';
import { pino } from 'pino';
import { ACTOR_KINDS, type ActorKind, type Addressed } from '#protocol/commands.ts';
import { Unavailable } from '#protocol/errors.ts';
import { type Cut, openCut } from '../../../test/cut.fixture.ts';
import { freshName } from '../../../test/services.fixture.ts';
import type { PartitionEpochs } from '../../store/meta.ts';
import type { BusHarness } from '../bus.contract.ts';
import type { Bus, Suspects, Unreadable } from '../bus.ts';
import { AmqpBus } from './amqp-bus.ts';
import { Topology } from './topology.ts';

export const PARTITIONS = 16;

/** Epochs as a store gives them, for the instances of one test. */
export class MemoryEpochs implements PartitionEpochs {
  readonly taken = new Map<string, number>();

  async take(kind: ActorKind, partition: number): Promise<number> {
    const epoch = (this.taken.get(`${kind}.${partition}`) ?? 0) + 1;
    this.taken.set(`${kind}.${partition}`, epoch);
    return epoch;
  }
}

export class MemorySuspects implements Suspects {
  readonly noted = new Set<string>();

  async note(id: string): Promise<boolean> {
    const known = this.noted.has(id);
    this.noted.add(id);
    return known;
  }

  async clear(id: string): Promise<void> {
    this.noted.delete(id);
  }
}

/** A quarantine that can fail for a while. */
export class MemoryUnreadable implements Unreadable {
  readonly kept: { readonly queue: string; readonly content: string; readonly reason: string }[] = [];
  failures = 0;

  async keepFrame(queue: string, content: Buffer, reason: string): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Unavailable('not yet');
    }
    this.kept.push({ queue, content: content.toString(), reason });
  }
}

export class Deployment implements BusHarness {
  readonly prefix = freshName('parley-test');
  readonly epochs = new MemoryEpochs();
  readonly suspects = new MemorySuspects();
  readonly unreadable = new MemoryUnreadable();
  readonly aliveExchange = new Topology(this.prefix, PARTITIONS).aliveExchange;
  readonly #url: string;
  readonly #networks = new Map<Bus, Cut>();
  #starts = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async make(): Promise<AmqpBus> {
    const network = await openCut(this.#url);
    this.#starts += 1;
    const bus = new AmqpBus({
      url: network.url,
      prefix: this.prefix,
      partitions: PARTITIONS,
      forms: [1],
      instance: `i${this.#starts}`,
      epochs: this.epochs,
      suspects: this.suspects,
      unreadable: this.unreadable,
      log: pino({ level: process.env.PARLEY_LOG_LEVEL ?? 'silent' }),
      jitter: Math.random,
    });
    this.#networks.set(bus, network);
    return bus;
  }

  networkOf(bus: Bus): Cut {
    const network = this.#networks.get(bus);
    if (!network) throw new Error('a bus of another place');
    return network;
  }

  async crash(bus: Bus): Promise<void> {
    await this.networkOf(bus).cut();
    await bus.close();
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#networks.keys()].map((bus) => bus.close()));
    for (const network of this.#networks.values()) await network.close();
    const model = await connect(this.#url);
    const channel = await model.createChannel();
    for (const kind of ACTOR_KINDS) {
      for (let p = 0; p < PARTITIONS; p += 1) await channel.deleteQueue(`${this.prefix}.${kind}.${p}`);
    }
    await channel.deleteExchange(`${this.prefix}.alive`);
    await model.close();
  }
}

/** Publishes as a service does: again, until it is confirmed. */
export async function publishAgain(bus: Bus, command: Addressed): Promise<void> {
  for (;;) {
    try {
      return await bus.publish([command]);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
