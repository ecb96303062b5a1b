// One partition's queue, as one of its consumers sees it: standby until something comes from it, owner from then on, until it hands
// over, the broker takes the queue away or the link is lost. Every way to end is a closed channel (DESIGN section 2, Hand-over).
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { ActorKind } from '#protocol/commands.ts';
import type { PartitionEpochs } from '../../store/meta.ts';
import type { PartitionConsumer, Suspects, Unreadable } from '../bus.ts';
import { FrameReader } from './frames.ts';
import { type Alive, decodeAlive, LAG_PROBE_TYPE, PROBE_TYPE } from './wire.ts';

/** Frames that are handed out and not acked at most; a mailbox holds some of them up to `holdMs`. */
export const PREFETCH_FRAMES = 128;
const EPOCH_RETRY_MS = 200;

export type SubscriptionDeps = {
  /** This instance. */
  readonly self: string;
  readonly kind: ActorKind;
  readonly partition: number;
  readonly queue: string;
  readonly consumer: PartitionConsumer;
  readonly epochs: PartitionEpochs;
  readonly suspects: Suspects;
  readonly unreadable: Unreadable;
  readonly log: Logger;
  /** It became the owner, under the epoch that it has now. */
  readonly gained: () => void;
  /** A frame came from the queue. */
  readonly received: () => void;
  /** Calls back once all that was sent to inboxes until now has arrived, or is lost. */
  readonly afterSent: (then: () => void) => void;
  /** Somebody who thinks that it should own the partition says so. */
  readonly probed: (by: Alive) => void;
  /** The next frame is of a version that is not read here: somebody else must have the partition. */
  readonly foreign: () => void;
  /** It ended, and nobody here asked for that. */
  readonly ended: (reason: string) => void;
};

export class Subscription {
  readonly #deps: SubscriptionDeps;
  readonly #channel: Channel;
  readonly #frames: FrameReader;
  #active = false;
  #epoch: number | undefined;
  #open = true;

  /** Consumes on a channel of its own. Throws what the broker says. */
  static async open(deps: SubscriptionDeps, channel: Channel): Promise<Subscription> {
    const subscription = new Subscription(deps, channel);
    await channel.prefetch(PREFETCH_FRAMES);
    await channel.consume(deps.queue, (message) => subscription.#receive(message));
    return subscription;
  }

  private constructor(deps: SubscriptionDeps, channel: Channel) {
    this.#deps = deps;
    this.#channel = channel;
    this.#frames = new FrameReader({
      ...deps,
      deliver: (deliveries) => deps.consumer.deliver(deliveries),
      ack: (fields) => this.#ack(fields),
    });
    channel.on('error', (error: Error) => this.#end(error.message));
    channel.on('close', () => this.#end('its channel was closed'));
  }

  /** Whether something has come from the queue: no other consumer is active. */
  get active(): boolean {
    return this.#active;
  }

  /** The epoch under which this instance owns the partition. */
  get epoch(): number | undefined {
    return this.#open ? this.#epoch : undefined;
  }

  /** Since when the first frame that is not handed out waits here; undefined: none does. Monotonic, in ms. */
  get waitingSince(): number | undefined {
    return this.#frames.waitingSince;
  }

  /** Lets the owner finish, then lets go: what is unsettled returns to the head of the queue, in order. */
  async handOver(): Promise<void> {
    this.#frames.stop();
    if (this.#epoch !== undefined) await this.#deps.consumer.handOver(this.#deps.partition);
    await new Promise<void>((resolve) => this.#deps.afterSent(resolve)); // acks wait for it, too
    await this.close();
  }

  /** Lets go at once. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#release();
    const closed = once(this.#channel, 'close'); // also if the link is lost meanwhile: amqplib's own promise waits for ever then
    await Promise.race([closed, this.#channel.close()]).catch(() => {}); // the broker was quicker
  }

  /** The link is lost: nothing more can be done on the channel. */
  drop(): void {
    if (this.#open) this.#release();
  }

  #receive(message: ConsumeMessage | null): void {
    if (!this.#open) return;
    if (!message) return this.#end('the broker cancelled it');
    this.#activate();
    const { type } = message.properties;
    if (type === PROBE_TYPE || type === LAG_PROBE_TYPE) return this.#probed(message);
    this.#deps.received();
    this.#frames.add(message);
  }

  #probed({ fields, properties, content }: ConsumeMessage): void {
    this.#ack(fields);
    let by: Alive;
    try {
      by = decodeAlive(content);
    } catch (error) {
      return this.#deps.log.warn({ reason: String(error) }, 'a probe of another version was ignored');
    }
    // The last owner's measure of its lag says nothing: it may have stood here for long, and its sender may be no more.
    if (properties.type === PROBE_TYPE || by.instance === this.#deps.self) this.#deps.probed(by);
  }

  #activate(): void {
    if (this.#active) return;
    this.#active = true;
    void this.#own();
  }

  async #own(): Promise<void> {
    const { kind, partition, epochs, log, consumer, gained } = this.#deps;
    for (; this.#open; await sleep(EPOCH_RETRY_MS)) {
      try {
        const epoch = await epochs.take(kind, partition);
        if (!this.#open || this.#frames.stopped) return;
        this.#epoch = epoch;
        consumer.gained(partition, epoch);
        gained();
        return this.#frames.start();
      } catch (error) {
        log.warn({ kind, partition, reason: String(error) }, 'no epoch for a partition yet');
      }
    }
  }

  #ack(fields: ConsumeMessage['fields']): void {
    this.#deps.afterSent(() => {
      // Only the delivery tag is read from it; the content was let go of long ago.
      if (this.#open) this.#channel.ack({ fields } as ConsumeMessage);
    });
  }

  #end(reason: string): void {
    if (!this.#open) return;
    this.#release();
    void this.#channel.close().catch(() => {});
    this.#deps.ended(reason);
  }

  #release(): void {
    this.#open = false;
    this.#frames.stop();
    if (this.#epoch !== undefined) this.#deps.consumer.lost(this.#deps.partition);
  }
}
