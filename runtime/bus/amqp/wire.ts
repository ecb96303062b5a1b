// What the AMQP bus puts into messages. The `type` of a message says what it is and in which version; nothing else is interpreted
// before it. Commands stay the JSON that the embedded journal stores, too.
import { z } from 'zod';
import { ACTOR_KINDS, type Addressed, type InboxMessage } from '#protocol/commands.ts';

/** A frame of commands for one partition: a JSON array of them. */
export const COMMANDS_TYPE = 'commands/1';
/** Sent through a partition's queue by who should own it: its own `alive`. */
export const PROBE_TYPE = 'probe/1';
/** A frame for an instance's inbox: a JSON array of InboxItem. */
export const INBOX_TYPE = 'inbox/1';
/** To every inbox: an instance is there. */
export const ALIVE_TYPE = 'alive/1';
/** To every inbox: the instance of this name is no more. */
export const BYE_TYPE = 'bye/1';

export type InboxItem = { readonly message: InboxMessage } | { readonly told: Addressed };

const aliveSchema = z.object({
  instance: z.string(),
  inbox: z.string(),
  /** Kinds whose partitions it wants its share of. */
  takes: z.array(z.enum(ACTOR_KINDS)).readonly(),
  /** The partitions that it owns, each with the epoch that it took. */
  holds: z.array(z.tuple([z.enum(ACTOR_KINDS), z.int(), z.int()]).readonly()).readonly(),
});

/** What an instance says of itself each second. */
export type Alive = Readonly<z.output<typeof aliveSchema>>;

/** Throws if it is not one. */
export function decodeAlive(content: Buffer): Alive {
  return aliveSchema.parse(JSON.parse(content.toString()));
}

/** A frame of commands. What is in the queues was encoded by `encodeCommand` under the same type. */
export function decodeCommands(content: Buffer): readonly Addressed[] {
  return JSON.parse(content.toString()) as Addressed[];
}

/** A frame for an inbox. Only instances of this deployment reach an inbox, and the type names the version. */
export function decodeInbox(content: Buffer): readonly InboxItem[] {
  return JSON.parse(content.toString()) as InboxItem[];
}
