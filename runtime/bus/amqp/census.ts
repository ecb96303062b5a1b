// What the broker holds of a deployment and who reads it, for those who must know that nothing is under way: backup and restore.
import { ConfigError } from '../../config.ts';
import { StartError } from '../../start-error.ts';
import { ClosedAtOpen } from './link.ts';
import { BrokerLook } from './look.ts';

export type Census = {
  /** Frames in the durable queues of partitions that nobody has taken. What an owner holds and has not acked is not among them. */
  readonly frames: number;
  /** Instances that own or wait for a partition, counted by partition: 0 means that no service runs. */
  readonly readers: number;
};

/** Throws ConfigError (the URL, or what the broker says to it), StartError (it does not answer). */
export async function takeCensus(url: string, prefix: string, partitions: number): Promise<Census> {
  const look = await BrokerLook.open(url, 'parley census', prefix, partitions).catch((error: unknown) => {
    if (error instanceof ConfigError) throw error;
    if (error instanceof ClosedAtOpen) throw error.refusal;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`RabbitMQ does not answer (${reason}). Start it, or correct the setting amqpUrl.`);
  });
  try {
    let [frames, readers] = [0, 0];
    for (const queue of await look.queues()) {
      if (queue.state === 'absent') continue;
      frames += queue.waiting;
      readers += queue.consumers;
    }
    return { frames, readers };
  } finally {
    await look.close().catch(() => {}); // it broke, which was thrown
  }
}
