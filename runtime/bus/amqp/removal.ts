// Removes what a deployment left in the broker: for tests and benchmarks, which make deployments of their own.
import { connect } from 'amqplib';
import { ACTOR_KINDS } from '#protocol/commands.ts';
import { Topology } from './topology.ts';

/** Deletes the queues with that prefix, whatever they hold, and the exchange. No instance may use them any more. */
export async function removeQueues(url: string, prefix: string, partitions: number): Promise<void> {
  const topology = new Topology(prefix, partitions);
  const model = await connect(url);
  const channel = await model.createChannel();
  for (const kind of ACTOR_KINDS) {
    for (let partition = 0; partition < partitions; partition += 1) {
      await channel.deleteQueue(topology.queue(kind, partition));
    }
  }
  await channel.deleteExchange(topology.aliveExchange);
  await model.close();
}
