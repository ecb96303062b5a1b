// Every frame that a server may send: the challenge, the two answers, and pushes. Clients ignore fields they do not know.
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import { GROUP_POLICIES } from '../group-entry.ts';
import { DEVICES_MAX, GROUP_APPEND_MAX_ENTRIES, GROUP_STATE_MAX_BYTES } from '../limits.ts';
import { TICKET_MAX_CHARS } from '../sealed-file.ts';
import type { RequestType } from './client.ts';
import * as field from './fields.ts';

/** The first frame of every connection. */
const challenge = z.object({
  type: z.literal('challenge'),
  nonce: field.base64(32),
  domain: field.domain,
  /** The server's OPAQUE key, as its library writes it: pinned by clients at first use. */
  serverKey: field.opaque,
  signUp: z.enum(['open', 'invitation', 'closed']),
  /** The server's clock, ms since 1970. */
  time: field.count,
});

const error = z.object({
  type: z.literal('error'),
  re: field.positive,
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]), // keys of the record, which TypeScript widens to string
  message: z.string(),
  retry: z.boolean(),
  retryAfterMs: field.count.optional(),
});

/** The body of an HTTP request's refusal: an `error` frame without what belongs to frames. */
export const blobRefusal = error.omit({ type: true, re: true });

/** Of a group's message: the group's name, and the message's number in the one order that all its members see. */
const place = z.object({ name: field.address, number: field.positive });

/** One message for this device. `n` counts the items of this session from 1, without gaps. */
const deliver = z.object({
  type: z.literal('deliver'),
  n: field.positive,
  header: z.string(),
  body: z.string(),
  slot: field.base64(80),
  receivedAt: field.count,
  group: place.optional(),
});

/**
 * Entries of a group's log, an item like a message, acked like one: the first has this number in the group's sequence, which messages share. To every
 * member and to whom they remove.
 */
const entries = z.object({
  type: z.literal('entries'),
  n: field.positive,
  name: field.address,
  group: field.hash,
  number: field.positive,
  entries: z.array(field.signedGroupEntry).min(1).max(GROUP_APPEND_MAX_ENTRIES),
  receivedAt: field.count,
});

/** What became of messages: an item like a message, acked like one. */
const noticeBody = z.discriminatedUnion('kind', [
  /** To all devices of the sender: the first device of `by` took these. `more`: how many beyond those listed. */
  z.object({
    kind: z.literal('delivered'),
    conversation: z.string(),
    by: field.address,
    entries: z.array(z.object({ id: field.messageId, device: field.device, tag: field.tag.optional() })),
    more: field.count,
  }),
  /** To all devices of the sender: these left the store of `by` and no device had taken them. */
  z.object({
    kind: z.literal('expired'),
    conversation: z.string(),
    by: field.address,
    entries: z.array(z.object({ id: field.messageId })),
    more: field.count,
  }),
  /** To a recipient: these numbers of a sender's device will not come any more. */
  z.object({
    kind: z.literal('missed'),
    conversation: z.string(),
    from: field.address,
    device: field.device,
    seqs: z.array(field.positive),
  }),
  /** To all devices of the sender: refused after all, although `ok` may have been answered. */
  z.object({
    kind: z.literal('refused'),
    conversation: z.string(),
    by: field.address,
    entries: z.array(z.object({ id: field.messageId })),
    code: z.string(),
  }),
  /** As `delivered`, of messages to a group of at most GROUP_PROOFS_MAX_MEMBERS, by whoever took them. */
  z.object({
    kind: z.literal('group.delivered'),
    conversation: z.string(),
    entries: z.array(
      z.object({ id: field.messageId, device: field.device, by: field.address, tag: field.tag.optional() }),
    ),
  }),
  /** Of messages to a larger group: how many more persons took each, let it expire, or were refused it. */
  z.object({
    kind: z.literal('group.counted'),
    conversation: z.string(),
    entries: z.array(
      z.object({ id: field.messageId, delivered: field.count, expired: field.count, refused: field.count }),
    ),
  }),
  /** To all devices of the sender: `by`, a member of the group, has devices in use that its message had no slot for. */
  z.object({ kind: z.literal('stale'), conversation: z.string(), by: field.address }),
]);
export type NoticeBody = z.infer<typeof noticeBody>;

const notice = z.object({ type: z.literal('notice'), n: field.positive, notice: noticeBody });

/** All that was stored when the session began has been sent. */
const synced = z.object({ type: z.literal('synced') });

/** The own account log has this many entries now: fetch what is new. */
const log = z.object({ type: z.literal('log'), address: field.address, length: field.positive });

/** Whether somebody who is watched is there, and if not, when they were last, where that is known. */
const presence = z.object({
  type: z.literal('presence'),
  address: field.address,
  online: z.boolean(),
  lastSeen: field.count.optional(),
});

/** Somebody who is watched types, to this person or in this group. */
const typing = z.object({ type: z.literal('typing'), from: field.address, group: field.address.optional() });

const ticketAnswer = z.object({
  ticket: z.string().min(1).max(TICKET_MAX_CHARS),
  port: z.number().int().min(1).max(65_535).optional(),
});

/** The answer's fields beside `type` and `re`, by the type of the request. */
export const answers = {
  'signup.start': z.object({ registration: field.ticket, response: field.opaque }),
  'signup.finish': z.object({}),
  'login.start': z.object({ login: field.ticket, response: field.opaque, triesLeft: field.count }),
  'login.finish': z.object({
    vault: field.base64(1, 1_024),
    entries: z.array(field.signedEntry),
    length: field.positive,
  }),
  session: z.object({}),
  'log.get': z.object({ entries: z.array(field.signedEntry), length: field.positive }),
  'log.append': z.object({}),
  'password.start': z.object({ registration: field.ticket, response: field.opaque }),
  'password.finish': z.object({}),
  /** Of the own devices in use those that were ever used, with the time of it, as the server noted it. */
  'devices.used': z.object({ used: z.array(z.object({ device: field.device, at: field.count })).max(DEVICES_MAX) }),
  'account.delete': z.object({}),
  /** `stale`: whose account log the sender should fetch, because slots were missing or named devices no longer in use. */
  send: z.object({
    receivedAt: field.count,
    stale: z.array(field.address).optional(),
    /** Of a group's message: its number, and the mh that was accepted under its id. */
    number: field.positive.optional(),
    mh: field.hash.optional(),
  }),
  /** The number of the first entry in the group's sequence. */
  'group.append': z.object({ number: field.positive }),
  'group.get': z.object({ group: field.hash, entries: z.array(field.signedGroupEntry), length: field.positive }),
  /** The first entry, the entry after which the state is so, its index, and the state as bytes (PROTOCOL.md, Groups). */
  'group.state': z.object({
    group: field.hash,
    create: field.signedGroupEntry,
    entry: field.signedGroupEntry,
    index: field.count,
    state: field.base64(1, GROUP_STATE_MAX_BYTES),
    length: field.positive,
  }),
  'group.list': z.object({
    groups: z.array(
      z.object({ name: field.address, group: field.hash, policy: z.enum(GROUP_POLICIES), members: field.count }),
    ),
    more: z.boolean(),
  }),
  'presence.set': z.object({}),
  'presence.watch': z.object({}),
  /** `port`: where the blobs are, on the same host, if not on the port that the client is connected to. */
  'blob.put': ticketAnswer,
  'blob.get': ticketAnswer,
  ping: z.object({}),
} as const satisfies Record<RequestType, z.ZodObject>;

export type Answer<T extends RequestType> = z.infer<(typeof answers)[T]>;

const ok = z.looseObject({ type: z.literal('ok'), re: field.positive });

export const serverFrame = z.discriminatedUnion('type', [
  challenge,
  ok,
  error,
  deliver,
  entries,
  notice,
  synced,
  log,
  presence,
  typing,
]);

export type ServerFrame = z.infer<typeof serverFrame>;
export type ServerFrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;
/** What a server sends without being asked. */
export type Push = Exclude<ServerFrame, { type: 'ok' | 'error' | 'challenge' }>;
