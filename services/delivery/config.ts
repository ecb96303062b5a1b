// Delivery's settings. Each has a schema that reads its text, a default, and a description for `--help`.
import { z } from 'zod';
import { HOUR_MS, KIB, MIB, MINUTE_MS } from '#protocol/limits.ts';

const HOLD_MAX_MS = 60_000;

export const deliverySettings = {
  mailboxQuotaMib: z.coerce
    .number()
    .min(0.01)
    .max(100_000)
    .default(64)
    .describe('what a mailbox stores at most, in MiB; a quarter of it from one sender'),
  holdMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(HOLD_MAX_MS)
    .default(500)
    .describe('how long a message for connected devices waits in the queue for their acks before it is stored, in ms'),
  sweepEveryMs: z.coerce
    .number()
    .int()
    .min(100)
    .default(HOUR_MS)
    .describe('how often expired messages are removed; also the time after a start before the first sweep, in ms'),
  countEveryMs: z.coerce
    .number()
    .int()
    .min(100)
    .default(MINUTE_MS)
    .describe('how often what is stored is counted for /metrics, in ms; less often where counting takes long'),
} as const;

/** What the mailboxes of one partition hold in its queue at most, together (DESIGN section 3): far fewer frames than the bus hands out unsettled. */
const HOLD_MAX_BYTES = 4 * MIB;
const HOLD_MAX_FRAMES = 32;

/** What notices in a mailbox take at most, beside its quota: those of some 100,000 messages that were delivered. */
const NOTICES_MAX_BYTES = 16 * MIB;
/** Of a mailbox's quota, one sender's: none alone can fill it for everybody. */
export const SENDER_QUOTA_SHARE = 1 / 4;

/** What a mailbox needs to know to decide. */
export type MailboxRules = {
  readonly holdMs: number;
  readonly holdBytes: number;
  readonly holdFrames: number;
  readonly quotaBytes: number;
  readonly noticesBytes: number;
};

export function mailboxRules(settings: { readonly holdMs: number; readonly mailboxQuotaMib: number }): MailboxRules {
  return {
    holdMs: settings.holdMs,
    holdBytes: HOLD_MAX_BYTES,
    holdFrames: HOLD_MAX_FRAMES,
    noticesBytes: NOTICES_MAX_BYTES,
    quotaBytes: Math.floor(settings.mailboxQuotaMib * 1024) * KIB,
  };
}
