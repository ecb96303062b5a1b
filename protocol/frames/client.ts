// Every frame that a client may send, as one union. A frame can only become the command that its schema names:
// none of them has a field for the sender, because the sender of everything is the session's.
import { z } from 'zod';
import * as limits from '../limits.ts';
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

const slot = z.strictObject({ to: field.address, device: field.device, slot: field.base64(limits.SLOT_BYTES) });

const send = z.strictObject({
  type: z.literal('send'),
  id,
  header: field.base64(1, limits.HEADER_MAX_BYTES),
  body: field.base64(limits.BODY_MIN_BYTES, limits.BODY_MAX_BYTES),
  slots: z.array(slot).min(1).max(limits.SLOTS_MAX),
  retention: z.number().int().min(limits.RETENTION_MIN_MS).max(limits.RETENTION_DEFAULT_MS).optional(),
});

const ping = z.strictObject({ type: z.literal('ping'), id });

/** Not a request: it has no answer. Takes everything up to `upTo`; a tag for each message that could be opened. */
const ack = z.strictObject({
  type: z.literal('ack'),
  upTo: field.positive,
  tags: z.array(z.tuple([field.positive, field.tag])).max(limits.DELIVERY_WINDOW_ITEMS * 2),
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
  ping,
  ack,
]);

export type ClientFrame = z.infer<typeof clientFrame>;
export type ClientFrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
/** A frame that is answered by exactly one `ok` or `error`. */
export type Request = Exclude<ClientFrame, { type: 'ack' }>;
export type RequestType = Request['type'];
