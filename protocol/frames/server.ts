// Every frame that a server may send: the challenge, the two answers, and pushes. Clients ignore fields they do not know.
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import { DEVICES_MAX } from '../limits.ts';
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

/** One message for this device. `n` counts the items of this session from 1, without gaps. */
const deliver = z.object({
  type: z.literal('deliver'),
  n: field.positive,
  header: z.string(),
  body: z.string(),
  slot: field.base64(80),
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
]);
export type NoticeBody = z.infer<typeof noticeBody>;

const notice = z.object({ type: z.literal('notice'), n: field.positive, notice: noticeBody });

/** All that was stored when the session began has been sent. */
const synced = z.object({ type: z.literal('synced') });

/** The own account log has this many entries now: fetch what is new. */
const log = z.object({ type: z.literal('log'), address: field.address, length: field.positive });

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
  send: z.object({ receivedAt: field.count, stale: z.array(field.address).optional() }),
  ping: z.object({}),
} as const satisfies Record<RequestType, z.ZodObject>;

export type Answer<T extends RequestType> = z.infer<(typeof answers)[T]>;

const ok = z.looseObject({ type: z.literal('ok'), re: field.positive });

export const serverFrame = z.discriminatedUnion('type', [challenge, ok, error, deliver, notice, synced, log]);

export type ServerFrame = z.infer<typeof serverFrame>;
export type ServerFrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;
/** What a server sends without being asked. */
export type Push = Exclude<ServerFrame, { type: 'ok' | 'error' | 'challenge' }>;
