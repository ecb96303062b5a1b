// The bus: how a command reaches its actor. One interface, because the same services run over RabbitMQ or inside one process.
//
// Two ways (DESIGN section 2). What must survive is published to the partition's durable queue and handed out until it is settled.
// What its sender repeats is told to an inbox, exclusive and transient: nothing follows from having told it.
import type { ActorKind, Addressed, InboxMessage } from '#protocol/commands.ts';

/** A command as its partition's owner gets it. `settle` says that it is decided; a frame leaves the queue once all its commands are. */
export type Delivery = {
  readonly to: Addressed;
  /** True if an owner may have seen it before: its answer may be out. */
  readonly redelivered: boolean;
  /** The size in the queue, in bytes or characters: for bounds, not for accounts. */
  readonly size: number;
  settle(): void;
};

export interface PartitionConsumer {
  /** Commands of one frame, in order. Frames of a partition come in order, too. Must not throw. */
  deliver(deliveries: readonly Delivery[]): void;
  /** A told command. Must not throw. */
  told(command: Addressed): void;
}

export interface Bus {
  /** The name of this instance's inbox. Unique for each start. */
  readonly inbox: string;
  /**
   * Puts commands into the durable queues of their partitions. Resolves when all are on disk; then they survive a crash of anything.
   * Throws Unavailable (nothing is known about the commands: publish again) or RequestError `no_space`.
   */
  publish(commands: readonly Addressed[]): Promise<void>;
  /**
   * Publishes commands whose cause is kept until this resolves, so that a crash would relay them again. So they may be handed out before they
   * are on disk, and need never get there if they are settled soon. Resolves when all are on disk or settled. Throws as publish does.
   */
  relay(commands: readonly Addressed[]): Promise<void>;
  /** Tells the present owner of the actor. May be lost. */
  tell(command: Addressed): void;
  /** Tells an instance. May be lost. */
  send(inbox: string, message: InboxMessage): void;
  /** Who reads this instance's inbox. Must not throw. */
  onMessage(reader: (message: InboxMessage) => void): void;
  /** Takes part in owning the partitions of a kind. */
  consume(kind: ActorKind, consumer: PartitionConsumer): void;
  /** Hands out what a crash left in the queues. After every consumer is there, before the first client is. */
  recover(): Promise<void>;
  /** How long the oldest publish has been waiting for its confirm, in ms. */
  readonly lagMs: number;
  /** Waits until what was published is confirmed, then lets go. Unsettled commands stay queued. */
  close(): Promise<void>;
}
