// The queues and the exchange of a deployment: their names, and the arguments under which every instance declares them at each connect.
import type { Channel, Options } from 'amqplib';
import { ACTOR_KINDS, type ActorKind, type Addressed } from '#protocol/commands.ts';
import { MIB } from '#protocol/limits.ts';
import { partitionOf } from '../../partitions.ts';

/**
 * Frozen: a queue is declared with these for ever, or the broker refuses. The delivery limit is a number that is never reached: −1 loses everything
 * at the first return on RabbitMQ 3.10, and without one 4.x drops at 20 (measured; closed channels count).
 */
const PARTITION_QUEUE: Options.AssertQueue = {
  durable: true,
  arguments: {
    'x-queue-type': 'quorum',
    'x-single-active-consumer': true,
    'x-delivery-limit': 1_000_000,
    'x-queue-leader-locator': 'balanced',
  },
};

/** What an inbox holds at most while its instance does not read. Beyond it the sender is told that it is gone. */
const INBOX_MAX_BYTES = 64 * MIB;

const INBOX_QUEUE: Options.AssertQueue = {
  exclusive: true,
  durable: false,
  autoDelete: true,
  arguments: { 'x-max-length-bytes': INBOX_MAX_BYTES, 'x-overflow': 'reject-publish' },
};

export class Topology {
  /** The fanout that every inbox is bound to. */
  readonly aliveExchange: string;
  readonly partitions: number;
  readonly #prefix: string;

  /** `prefix`: keeps deployments on one broker apart. */
  constructor(prefix: string, partitions: number) {
    this.#prefix = prefix;
    this.partitions = partitions;
    this.aliveExchange = `${prefix}.alive`;
  }

  queue(kind: ActorKind, partition: number): string {
    return `${this.#prefix}.${kind}.${partition}`;
  }

  /** The queue of an actor's partition. */
  queueOf({ kind, key }: Addressed): string {
    return this.queue(kind, partitionOf(key, this.partitions));
  }

  inbox(name: string): string {
    return `${this.#prefix}.inbox.${name}`;
  }

  /** Everything that an instance publishes to or reads from, and its own inbox. */
  async declare(channel: Channel, inbox: string): Promise<void> {
    await channel.assertExchange(this.aliveExchange, 'fanout', { durable: false });
    for (const kind of ACTOR_KINDS) {
      for (let partition = 0; partition < this.partitions; partition += 1) {
        await this.declareQueue(channel, this.queue(kind, partition));
      }
    }
    await channel.assertQueue(inbox, INBOX_QUEUE);
    await channel.bindQueue(inbox, this.aliveExchange, '');
  }

  async declareQueue(channel: Channel, queue: string): Promise<void> {
    await channel.assertQueue(queue, PARTITION_QUEUE);
  }
}
