// Clocks that are far off. Parley orders nothing by clocks, but messages that expire are deleted by them, and people read times. The server's
// time of receiving is the one thing to compare with; it is the server's word, so it can at most move an expiry within what the sender asked for.
import {
  DAY_MS,
  HOUR_MS,
  LATE_SLOT_MAX_MS,
  MINUTE_MS,
  OUTBOX_MAX_AGE_MS,
  RETENTION_DEFAULT_MS,
} from '#protocol/limits.ts';

/** Differences that are no reason to speak of. */
const SKEW_MAX_MS = 10 * MINUTE_MS;
/** A sender's clock that is further ahead of the server's is wrong. */
const AHEAD_MAX_MS = HOUR_MS;
/** From writing to the server: the outbox gives up before, and late slots are over. */
const WRITTEN_MAX_AGE_MS = OUTBOX_MAX_AGE_MS + 3 * LATE_SLOT_MAX_MS;
/** From the server to this device. */
const STORED_MAX_AGE_MS = RETENTION_DEFAULT_MS + DAY_MS;

/** When a message is to be deleted here, ms since 1970 by this device's clock (`now`); 0: never. All times in ms. */
export function expiryHere(
  { sentAt, expiry }: { readonly sentAt: number; readonly expiry: number },
  receivedAt: number,
  now: number,
): number {
  if (expiry === 0) return 0;
  const writerIsOff = sentAt > receivedAt + AHEAD_MAX_MS || sentAt < receivedAt - WRITTEN_MAX_AGE_MS;
  const thisIsOff = now < receivedAt - AHEAD_MAX_MS || now > receivedAt + STORED_MAX_AGE_MS;
  if (!writerIsOff && !thisIsOff) return expiry;
  const asked = Math.max(0, expiry - sentAt);
  const left = writerIsOff ? asked : Math.min(asked, Math.max(0, expiry - receivedAt));
  return (thisIsOff ? now : receivedAt) + left;
}

/** The sentence for a person whose device's clock is far from the server's, which has just spoken; undefined: it is not. */
export function clockFault(now: number, serverNow: number): string | undefined {
  const offMs = now - serverNow;
  if (Math.abs(offMs) <= SKEW_MAX_MS) return undefined;
  const side = offMs > 0 ? 'ahead of' : 'behind';
  return `The clock of this device is ${spanOf(Math.abs(offMs))} ${side} the server's: what it sends has wrong times, and expires at wrong times. Set it right.`;
}

function spanOf(ms: number): string {
  const [unit, name] =
    ms >= 2 * DAY_MS ? [DAY_MS, 'days'] : ms >= 2 * HOUR_MS ? [HOUR_MS, 'hours'] : [MINUTE_MS, 'minutes'];
  return `${Math.round(ms / Number(unit))} ${name}`;
}
