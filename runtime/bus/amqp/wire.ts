// What the AMQP bus puts into messages. The `type` of a message says what it is and in which version; nothing else is interpreted
// before it. Commands stay the JSON that the embedded journal stores, too.
import { z } from 'zod';
import { ACTOR_KINDS, type ActorKind, type Addressed, type InboxMessage } from '#protocol/commands.ts';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { decodeCommands as decodeAny, encodeCommand } from '../encode.ts';
import { type Encoded, readFrameText, sharing } from '../frame-text.ts';
import { FRAME_VERSIONS, SHARING_VERSION } from './versions.ts';

/** Sent through a partition's queue by who should own it: its own `alive`. */
export const PROBE_TYPE = 'probe/1';
/** Sent by an owner through its own queue: how long it takes is how far behind it is there. For nobody else. */
export const LAG_PROBE_TYPE = 'lag/1';
/** To every inbox: an instance is there. */
export const ALIVE_TYPE = 'alive/1';
/** To every inbox: the instance of this name is no more. */
export const BYE_TYPE = 'bye/1';

/** What a frame is a list of: commands for one partition, or InboxItem for an instance's inbox. */
export type FrameKind = 'commands' | 'inbox';

/** The type of a frame of some version. */
export const frameType = (kind: FrameKind, version: number): string => `${kind}/${version}`;

/** Whether a message is a frame of this kind, in a version that is read here. */
export function isFrame(kind: FrameKind, type: unknown): boolean {
  return FRAME_VERSIONS.some((version) => type === frameType(kind, version));
}

export type InboxItem = { readonly message: InboxMessage } | { readonly told: Addressed };

const aliveSchema = z.object({
  instance: z.string(),
  inbox: z.string(),
  /** Kinds whose partitions it wants its share of. */
  takes: z.array(z.enum(ACTOR_KINDS)).readonly(),
  /** The partitions that it owns, each with the epoch that it took. */
  holds: z.array(z.tuple([z.enum(ACTOR_KINDS), z.int(), z.int()]).readonly()).readonly(),
  /** The versions of frames that it reads. */
  reads: z.array(z.int()).readonly(),
  /** The forms of stored data that it reads. */
  forms: z.array(z.int()).readonly().default([1]), // from before there were others
  /** Those of its partitions that are behind, each with the age of the oldest command that is not decided, in ms. */
  lags: z.array(z.tuple([z.enum(ACTOR_KINDS), z.int(), z.number()]).readonly()).readonly(),
});

/** What an instance says of itself each second. */
export type Alive = Readonly<z.output<typeof aliveSchema>>;

/** Throws if it is not one. */
export function decodeAlive(content: Buffer): Alive {
  return aliveSchema.parse(JSON.parse(content.toString()));
}

/** A command as one of a frame of some version. */
export function encodeFor(version: number, command: Addressed): Encoded {
  return version >= SHARING_VERSION ? encodeCommand(command) : { text: JSON.stringify(command) };
}

/**
 * A frame of commands for actors of one kind. What is in the queues was encoded by `encodeFor`: it is looked at no further than is needed to
 * hand it out. Throws if it is none.
 */
export function decodeCommands(content: Buffer, kind: ActorKind): readonly Addressed[] {
  const commands = decodeAny(content.toString());
  const other = commands.find((command) => command.kind !== kind);
  if (other) throw new Error(`a frame with something that is no command for ${kind} actors`);
  return commands;
}

/** An item for an inbox as one of a frame of some version. The pushes of a message to a group share all but the slot. */
export function encodeItem(version: number, item: InboxItem): Encoded {
  const push =
    version >= SHARING_VERSION && 'message' in item && item.message.type === 'push' ? item.message : undefined;
  if (push?.frame.type !== 'deliver' || !push.frame.group) return { text: JSON.stringify(item) };
  const { type, n, slot } = push.frame;
  return { text: JSON.stringify({ message: { ...push, frame: { type, n, slot } } }), shared: sharedOf(push.frame) };
}

const sharedOf = sharing<ServerFrameOf<'deliver'>>(
  ({ header, body, receivedAt, group }) => [header, body, receivedAt, group?.name, group?.number],
  ({ header, body, receivedAt, group }) => {
    return { fields: `"header":"${header}","receivedAt":${receivedAt},"group":${JSON.stringify(group)}`, body };
  },
);

/** A frame for an inbox. Only instances of this deployment reach an inbox, and the type names the version. */
export function decodeInbox(content: Buffer): readonly InboxItem[] {
  const items = readFrameText(content.toString(), (rest, shared) => {
    const { message } = rest as { message: { frame: object } }; // as encodeItem made it
    message.frame = { ...shared, ...message.frame };
    return rest;
  });
  return items as InboxItem[]; // see above
}
