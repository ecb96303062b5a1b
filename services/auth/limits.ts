// The bounds that auth decides by itself, each with its unit in the name.
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#protocol/limits.ts';

/** A sign-in that was started may be finished within this time. */
export const LOGIN_MAX_AGE_MS = MINUTE_MS;
/** Sign-ins under way in one instance, some 500 bytes each; beyond it the oldest is forgotten. */
export const LOGINS_MAX = 10_000;

/** Tries on one account: after the free ones 5 s, 10 s, … 15 min: some 105 guesses a day. */
export const ACCOUNT_FIRST_DELAY_MS = 5_000;
export const ACCOUNT_LONGEST_DELAY_MS = 15 * MINUTE_MS;
export const ACCOUNT_FORGET_AFTER_MS = DAY_MS;

/** Tries from one network, which may be a whole office behind one address: so more of them are free, and they are forgotten sooner. */
export const SOURCE_FIRST_DELAY_MS = 2_000;
export const SOURCE_LONGEST_DELAY_MS = 5 * MINUTE_MS;
export const SOURCE_FORGET_AFTER_MS = HOUR_MS;
/** Sources remembered by one instance, some 150 bytes each. */
export const SOURCES_MAX = 20_000;

/** Names that nobody has, and on which somebody tried to sign in: so many have their tries stored. */
export const UNKNOWN_NAMES_MAX = 100_000;
