// What the broker holds of a deployment and who reads it, for those who must know that nothing is under way: backup and restore.
import { connect } from 'amqplib';
import { ACTOR_KINDS } from '#protocol/commands.ts';
import { StartError } from '../../start-error.ts';
import { parseBrokerUrl } from './link.ts';
import { Topology } from './topology.ts';

const NOT_FOUND = 404;

export type Census = {
  /** Frames in the durable queues of partitions. */
  readonly frames: number;
  /** Instances that own or wait for a partition, counted by partition: 0 means that no service runs. */
  readonly readers: number;
};

/** Throws ConfigError (the URL), StartError (the broker does not answer). */
export async function takeCensus(url: string, prefix: string, partitions: number): Promise<Census> {
  const topology = new Topology(prefix, partitions);
  const { href, host } = parseBrokerUrl(url);
  const model = await connect(href).catch((error: unknown) => {
    throw new StartError(
      `RabbitMQ at ${host} does not let this program in (${String(error)}). Start it, and look at amqpUrl.`,
    );
  });
  model.on('error', () => {}); // what is asked next fails with it
  try {
    let [frames, readers] = [0, 0];
    for (const kind of ACTOR_KINDS) {
      for (let partition = 0; partition < partitions; partition += 1) {
        const channel = await model.createChannel(); // one that asks for a queue that there is not is closed for it
        channel.on('error', () => {});
        const queue = await channel.checkQueue(topology.queue(kind, partition)).catch((error: { code?: number }) => {
          if (error.code === NOT_FOUND) return undefined;
          throw error;
        });
        if (!queue) continue;
        frames += queue.messageCount;
        readers += queue.consumerCount;
        await channel.close();
      }
    }
    return { frames, readers };
  } finally {
    await model.close().catch(() => {});
  }
}
