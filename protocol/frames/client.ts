// Every frame that a client may send, as one union. A frame can only become the command that its schema names:
// none of them has a field for the sender, because the sender of everything is the session's.
import { z } from 'zod';
import * as limits from '../limits.ts';
import { BLOB_MAX_BYTES } from '../sealed-file.ts';
import * as field from './fields.ts';

/** The number that the client gives a request; its answer carries it as `re`. Unused among the requests still unanswered. */
const id = field.positive;

const signupStart = z.strictObject({
  type: z.literal('signup.start'),
  id,
  address: field.address,
  request: field.opaque,
});

const signupFinish = z.strictObject({
  type: z.literal('signup.finish'),
  id,
  address: field.address,
  registration: field.ticket,
  record: field.opaque,
  vault: field.base64(1, limits.VAULT_MAX_BYTES),
  entry: field.signedEntry,
  invitation: z.string().min(1).max(limits.INVITATION_MAX_CHARS).optional(),
});

const loginStart = z.strictObject({
  type: z.literal('login.start'),
  id,
  address: field.address,
  request: field.opaque,
});

const loginFinish = z.strictObject({
  type: z.literal('login.finish'),
  id,
  address: field.address,
  login: field.ticket,
  finish: field.opaque,
});

const session = z.strictObject({
  type: z.literal('session'),
  id,
  address: field.address,
  device: field.device,
  number: field.positive,
  nonce: field.base64(16),
  signature: field.signature,
  receive: z.boolean(),
});

const logGet = z.strictObject({ type: z.literal('log.get'), id, address: field.address, after: field.count });

const logAppend = z.strictObject({
  type: z.literal('log.append'),
  id,
  address: field.address,
  entry: field.signedEntry,
});

const passwordStart = z.strictObject({ type: z.literal('password.start'), id, request: field.opaque });

const passwordFinish = z.strictObject({
  type: z.literal('password.finish'),
  id,
  registration: field.ticket,
  record: field.opaque,
  vault: field.base64(1, limits.VAULT_MAX_BYTES),
  entry: field.signedEntry,
});

const devicesUsed = z.strictObject({ type: z.literal('devices.used'), id });

const accountDelete = z.strictObject({ type: z.literal('account.delete'), id, signature: field.signature });

export type Slot = { readonly to: string; readonly device: string; readonly slot: string };

function isSlot(value: unknown): value is Slot {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 3) return false;
  const { to, device, slot } = value as Partial<Record<keyof Slot, unknown>>; // to be looked at
  return (
    field.isAddressText(to) && field.isBase64(device, field.DEVICE_BYTES) && field.isBase64(slot, limits.SLOT_BYTES)
  );
}

/** A message to a large group has a thousand: zod's own objects take 1,100 µs for them, as long as half of their fan-out; this 200. */
const slots = z.custom<Slot[]>(
  (value) => Array.isArray(value) && value.length <= limits.GROUP_SLOTS_MAX && value.every(isSlot),
  `at most ${limits.GROUP_SLOTS_MAX} slots, each with an address as to, device as Base64 of ${field.DEVICE_BYTES} bytes and slot of ${limits.SLOT_BYTES}`,
);

const send = z.strictObject({
  type: z.literal('send'),
  id,
  header: field.base64(1, limits.HEADER_MAX_BYTES),
  body: field.base64(limits.BODY_MIN_BYTES, limits.BODY_MAX_BYTES),
  slots,
  /** The name of the group that the header names by its id; absent: a direct message. */
  group: field.address.optional(),
  retention: z.number().int().min(limits.RETENTION_MIN_MS).max(limits.RETENTION_DEFAULT_MS).optional(),
});

/** Entries that stand on each other, the first on the head of the log or creating it: all of them come in, or none. */
const groupAppend = z.strictObject({
  type: z.literal('group.append'),
  id,
  name: field.address,
  entries: z.array(field.signedGroupEntry).min(1).max(limits.GROUP_APPEND_MAX_ENTRIES),
});

/** Entries of a group's log from index `after` on, a page of them. */
const groupGet = z.strictObject({ type: z.literal('group.get'), id, name: field.address, after: field.count });

/** Where somebody who comes later may begin: the state after entry `at`, or after the last entry that states one. */
const groupState = z.strictObject({
  type: z.literal('group.state'),
  id,
  name: field.address,
  at: field.count.optional(),
});

/** The groups that one is in (`own`), or all that anybody may join; a page of those behind `after` ('' is before all). */
const groupList = z.strictObject({
  type: z.literal('group.list'),
  id,
  own: z.boolean(),
  after: z.union([z.literal(''), field.address]),
});

/** Whether others may see that this session is there. It begins unseen. */
const presenceSet = z.strictObject({ type: z.literal('presence.set'), id, visible: z.boolean() });

/** Whose presence this session is told from now on, in place of those before. Nobody is told that they are watched. */
const presenceWatch = z.strictObject({
  type: z.literal('presence.watch'),
  id,
  addresses: z.array(field.address).max(limits.WATCHED_MAX),
});

/** Not a request: it has no answer. Reaches those of them that watch this person. `group`: the name of the group that is typed in. */
const typing = z.strictObject({
  type: z.literal('typing'),
  to: z.array(field.address).min(1).max(limits.TYPING_MAX_ADDRESSES),
  group: field.address.optional(),
});

/** A ticket to upload a blob: new, or begun by this device with the same `size`. `blob`: 32 random bytes of the client's. `size`: of all that is uploaded, in bytes. */
const blobPut = z.strictObject({
  type: z.literal('blob.put'),
  id,
  blob: field.blob,
  size: field.positive.max(BLOB_MAX_BYTES),
  retention: z.number().int().min(limits.RETENTION_MIN_MS).max(limits.RETENTION_DEFAULT_MS).optional(),
});

/** A ticket to download a blob. Who knows its name may have it. */
const blobGet = z.strictObject({ type: z.literal('blob.get'), id, blob: field.blob });

const ping = z.strictObject({ type: z.literal('ping'), id });

const TAGS_MAX = limits.DELIVERY_WINDOW_ITEMS * 2;

function isTagged(value: unknown): value is [number, string] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [n, tag]: unknown[] = value;
  return Number.isSafeInteger(n) && (n as number) > 0 && field.isBase64(tag, field.TAG_BYTES); // a number, as the first says
}

/** By hand like slots, because each delivery is answered by an ack. */
const tags = z.custom<[number, string][]>(
  (value) => Array.isArray(value) && value.length <= TAGS_MAX && value.every(isTagged),
  `at most ${TAGS_MAX} pairs of a number above 0 and Base64 of ${field.TAG_BYTES} bytes`,
);

/** Not a request: it has no answer. Takes everything up to `upTo`; a tag for each message that could be opened. */
const ack = z.strictObject({
  type: z.literal('ack'),
  upTo: field.positive,
  tags,
});

export const clientFrame = z.discriminatedUnion('type', [
  signupStart,
  signupFinish,
  loginStart,
  loginFinish,
  session,
  logGet,
  logAppend,
  passwordStart,
  passwordFinish,
  devicesUsed,
  accountDelete,
  send,
  groupAppend,
  groupGet,
  groupState,
  groupList,
  presenceSet,
  presenceWatch,
  typing,
  blobPut,
  blobGet,
  ping,
  ack,
]);

export type ClientFrame = z.infer<typeof clientFrame>;
export type ClientFrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
/** A frame that is answered by exactly one `ok` or `error`. */
export type Request = Exclude<ClientFrame, { type: 'ack' | 'typing' }>;
export type RequestType = Request['type'];
