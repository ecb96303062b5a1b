// Looks at a deployment's RabbitMQ from outside, for whoever asks whether all is well, or whether nothing is under way. It declares nothing but a queue of its own that ends with
// its connection, and says nothing to anybody else.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import { ACTOR_KINDS, type ActorKind } from '#protocol/commands.ts';
import { dial, explain, parseBrokerUrl } from './link.ts';
import { Topology } from './topology.ts';
import { ALIVE_TYPE, type Alive, BYE_TYPE, decodeAlive } from './wire.ts';

type Contents = { readonly waiting: number; readonly consumers: number };

/** Of a partition. `other`: it was made with other arguments than every instance declares. */
export type QueueLook = {
  readonly kind: ActorKind;
  readonly partition: number;
  readonly name: string;
} & (
  | ({ readonly state: 'there' } & Contents)
  | ({ readonly state: 'other' } & Contents)
  | { readonly state: 'absent' }
);

const OWN_QUEUE = { exclusive: true, durable: false, autoDelete: true } as const;
const propertiesSchema = z.object({ product: z.string().default('a broker'), version: z.string().default('unknown') });

export class BrokerLook {
  readonly #model: ChannelModel;
  readonly #topology: Topology;
  #blocked = false;
  #onBlocked: () => void = () => {};

  private constructor(model: ChannelModel, topology: Topology) {
    this.#model = model;
    this.#topology = topology;
    model.on('blocked', () => {
      this.#blocked = true;
      this.#onBlocked();
    });
  }

  /** `name`: as the broker shows it. Throws ConfigError (the URL, or what the broker says to it), ClosedAtOpen if it perhaps refuses, or an error with the reason. */
  static async open(url: string, name: string, prefix: string, partitions: number): Promise<BrokerLook> {
    const broker = parseBrokerUrl(url);
    const model = await dial(broker, name).catch((error: unknown) => {
      throw explain(error, broker);
    });
    return new BrokerLook(model, new Topology(prefix, partitions));
  }

  get server(): { readonly product: string; readonly version: string } {
    return propertiesSchema.parse(this.#model.connection.serverProperties);
  }

  /** The queues of all partitions. */
  async queues(): Promise<readonly QueueLook[]> {
    const looks: QueueLook[] = [];
    let channel: Channel | undefined;
    for (const kind of ACTOR_KINDS) {
      for (let partition = 0; partition < this.#topology.partitions; partition += 1) {
        const name = this.#topology.queue(kind, partition);
        const which = { kind, partition, name };
        try {
          channel ??= await this.#channel();
          const { messageCount: waiting, consumerCount: consumers } = await channel.checkQueue(name);
          // It is there, so that this makes none: the broker only compares the arguments.
          const isOther = await this.#topology.declareQueue(channel, name).then(() => false, isUnequal);
          if (isOther) channel = undefined;
          looks.push({ ...which, state: isOther ? 'other' : 'there', waiting, consumers });
        } catch (error) {
          if (codeOf(error) !== NOT_FOUND) throw error;
          channel = undefined; // the broker closes a channel that asked for what is not there
          looks.push({ ...which, state: 'absent' });
        }
      }
    }
    await channel?.close();
    return looks;
  }

  /** Whether it takes what is published; false: it is short of memory or disk, and lets everybody wait who publishes. */
  async takesMessages(): Promise<boolean> {
    const channel = await this.#channel();
    const { queue } = await channel.assertQueue('', OWN_QUEUE);
    // A broker tells so only to who publishes, which happens here to this queue alone.
    const blocked = new Promise<boolean>((resolve) => {
      this.#onBlocked = () => resolve(false);
      if (this.#blocked) resolve(false);
    });
    const arrived = new Promise<boolean>((resolve) => {
      void channel.consume(queue, () => resolve(true), { noAck: true });
    });
    channel.sendToQueue(queue, Buffer.alloc(0));
    return Promise.race([blocked, arrived]);
  }

  /** What each live instance said of itself last, within so many ms; undefined if none has ever been here. */
  async alive(listenMs: number): Promise<readonly Alive[] | undefined> {
    const { aliveExchange } = this.#topology;
    const channel = await this.#channel();
    try {
      await channel.checkExchange(aliveExchange);
    } catch (error) {
      if (codeOf(error) !== NOT_FOUND) throw error;
      return undefined;
    }
    const { queue } = await channel.assertQueue('', OWN_QUEUE);
    await channel.bindQueue(queue, aliveExchange, '');
    const heard = new Map<string, Alive>();
    let unreadable: unknown;
    const hear = ({ properties: { type }, content }: ConsumeMessage): void => {
      try {
        if (type === BYE_TYPE) heard.delete(String(JSON.parse(content.toString())));
        if (type !== ALIVE_TYPE) return;
        const alive = decodeAlive(content);
        heard.set(alive.instance, alive);
      } catch (error) {
        unreadable ??= error; // amqplib would throw it where nobody can catch it
      }
    };
    await channel.consume(queue, (message) => message && hear(message), { noAck: true });
    await sleep(listenMs);
    await channel.close();
    if (unreadable !== undefined)
      throw new Error('an instance speaks as this version cannot read: it is of a later one, or no Parley');
    return [...heard.values()];
  }

  async close(): Promise<void> {
    await this.#model.close();
  }

  async #channel(): Promise<Channel> {
    const channel = await this.#model.createChannel();
    channel.on('error', () => {}); // whoever asked is told by its rejection
    return channel;
  }
}

const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

/** The AMQP reply code with which the broker closed the channel. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isUnequal(error: unknown): true {
  if (codeOf(error) === PRECONDITION_FAILED) return true;
  throw error;
}
