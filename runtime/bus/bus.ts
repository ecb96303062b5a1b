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
  /** True if it was handed out alone before and its owner did not survive that: it is put aside, not given to its actor. */
  readonly poison?: boolean;
  /** The size in the queue, in bytes or characters: for bounds, not for accounts. */
  readonly size: number;
  /** When its frame came to this instance, in ms that no clock change moves; absent where lag is told to nobody. */
  readonly since?: number;
  /** The same for all commands of a frame, which leaves the queue once all are settled; absent: it is not in a queue yet. */
  readonly frame?: object | undefined;
  settle(): void;
};

/** What an owner of partitions is told and given. Nothing here may throw. */
export interface PartitionConsumer {
  /** This instance owns the partition from now on: what its actors need is in the store. Comes before its first command. */
  gained(partition: number, epoch: number): void;
  /**
   * Somebody else is to have the partition: finish its turns, store what is held, settle what is done. Nothing more is handed out meanwhile;
   * what is unsettled when this resolves goes to the next owner. Followed by `lost`.
   */
  handOver(partition: number): Promise<void>;
  /** Somebody else may own the partition: forget its actors. Settling one of its commands does nothing any more. */
  lost(partition: number): void;
  /** Commands of one frame, in order. Frames of a partition come in order, too. */
  deliver(deliveries: readonly Delivery[]): void;
  /** A told command. False: its partition is handed over just now, and it is for the next owner. */
  told(command: Addressed): boolean;
  /** Since when the oldest command of each partition waits that is given and not decided: ms as `since`. What is held on purpose is decided. */
  undecidedSince(): ReadonlyMap<number, number>;
  /** An inbox that something was sent to is no more, and what was on its way to it is lost. May come late or twice. */
  gone(inbox: string): void;
}

/** What happens to an instance that talks to actors. Nothing here may throw. */
export interface BusReader {
  message(message: InboxMessage): void;
  /**
   * The broker was away and is back; `inbox` is another one now. Answers to the earlier one are lost, and so is what was sent to its sessions.
   * Publishes that were not confirmed have been rejected.
   */
  renewed?(): void;
  /** The partition has a new owner, which knows nothing of the sessions that were attached through the earlier one. */
  moved?(kind: ActorKind, partition: number): void;
}

export interface Bus {
  /** The name of this instance's inbox: unique for each start, and another one each time the broker was away. */
  readonly inbox: string;
  /** P: an actor's partition is partitionOf(key, partitions). */
  readonly partitions: number;
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
  /** Tells an instance. May be lost; if the inbox is gone, consumers are told so. */
  send(inbox: string, message: InboxMessage): void;
  /** Who reads this instance's inbox. */
  onMessage(reader: BusReader): void;
  /** Takes part in owning the partitions of a kind. Before `start`. */
  consume(kind: ActorKind, consumer: PartitionConsumer): void;
  /**
   * Begins to hand out, first of all what is in the queues. After every consumer is there, before the first client is.
   * Throws ConfigError if a broker refuses; waits for one that does not answer.
   */
  start(): Promise<void>;
  /** How far behind the partition of an actor is, in ms: publishes wait for their confirms, or its owner says that commands wait for it. */
  lagMsOf(kind: ActorKind, key: string): number;
  /** How long the bus has been unable to take or hand out anything, in ms; 0: it works. */
  readonly awayMs: number;
  /** Whether it takes nothing for now, for want of memory or disk. It hands out all the same: what is settled makes room. */
  readonly blocked: boolean;
  /** Hands over, waits until what was published is confirmed, then lets go. Unsettled commands stay queued. */
  close(): Promise<void>;
}

/** Keeps frames that nobody can read, so that the commands behind them are reached. */
export interface Unreadable {
  /** Keeps a frame once, however often it is brought. Throws Unavailable. */
  keepFrame(queue: string, content: Buffer, reason: string): Promise<void>;
}

/** Remembers commands that may be what kills their owners, in a store that outlives them. */
export interface Suspects {
  /** Notes that the command under this id is about to be tried alone. True if that was noted before. Throws Unavailable. */
  note(id: string): Promise<boolean>;
  /** It was decided: it is none. */
  clear(id: string): Promise<void>;
}
