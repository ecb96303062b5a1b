// What a fetched account log means for what is pinned: pure decisions, so that each trick of a server is one case (DESIGN section 4).

import { decodeSignedEntry } from '#protocol/account-entry.ts';
import { type AccountState, verifyAccountLog } from '#protocol/account-log.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { CryptoError, ProtocolError } from '#protocol/errors.ts';
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import type { NewEvent, Pin } from './profile/profile.ts';

export type Log = readonly SignedEntryText[];

/** A pin with what its log says. */
export type Known = { readonly pin: Pin; readonly state: AccountState };

/** How a server's whole log of an address stands to the pinned one. */
export type Verdict =
  | { readonly type: 'same' }
  | { readonly type: 'longer'; readonly log: Log; readonly state: AccountState }
  /** Good in itself, but another person's: never used until accepted. */
  | { readonly type: 'other_identity'; readonly log: Log; readonly state: AccountState }
  /** Shorter, forked, or not good in itself; `why` is a sentence. */
  | { readonly type: 'refused'; readonly why: string };

/** Verifies a whole log as it came. Throws CryptoError or ProtocolError. */
export function verifyWhole(log: Log, address: string): AccountState {
  return verifyAccountLog(log.map(decodeSignedEntry), address);
}

/** Judges entries that go on after the pinned ones. */
export function judgeTail(known: Known, tail: Log): Verdict {
  if (tail.length === 0) return { type: 'same' };
  return judged(() => ({
    type: 'longer',
    log: [...known.pin.log, ...tail],
    state: verifyAccountLog(tail.map(decodeSignedEntry), known.pin.address, known.state),
  }));
}

/** Judges a whole log that does not hold the last pinned entry in its place. */
export function judgeDiverged({ pin }: Known, log: Log): Verdict {
  return judged(() => {
    const state = verifyWhole(log, pin.address);
    if (!equalBytes(state.identity, pin.identity)) return { type: 'other_identity', log, state };
    const prefix = log.every((entry, index) => entry.entry === pin.log[index]?.entry);
    const why = prefix
      ? `The server showed an older account log of ${pin.address}: it hides ${pin.log.length - log.length} entries.`
      : `The server showed an account log of ${pin.address} that contradicts what is known.`;
    return { type: 'refused', why };
  });
}

function judged(decide: () => Verdict): Verdict {
  try {
    return decide();
  } catch (error) {
    if (isBadLog(error)) return { type: 'refused', why: error.message };
    throw error;
  }
}

/** What reading a log or vault throws: what the server kept is at fault, not this machine. */
export function isBadLog(error: unknown): error is CryptoError | ProtocolError {
  return error instanceof CryptoError || error instanceof ProtocolError;
}

/** The first pin of an address. */
export function firstPin(log: Log, state: AccountState, now: number): Pin {
  return {
    address: state.address,
    identity: state.identity,
    log,
    firstSeen: Object.fromEntries([...state.devices.keys()].map((device) => [device, now])),
    verified: false,
    blocked: false,
  };
}

/** The pin with a longer log of the same identity, and an event for each device that came or went. Marks stay. */
export function extendedPin(pin: Pin, before: AccountState, log: Log, state: AccountState, now: number) {
  const events: NewEvent[] = [];
  const firstSeen: Record<string, number> = { ...pin.firstSeen };
  for (const [device, { revoked }] of state.devices) {
    const known = before.devices.get(device);
    const told = { type: 'identity', address: pin.address, device, at: now } as const;
    if (known === undefined) {
      firstSeen[device] ??= now;
      events.push({ ...told, change: 'device_added' });
    }
    if (revoked !== undefined && known?.revoked === undefined) events.push({ ...told, change: 'device_revoked' });
  }
  return { pin: { ...pin, log, firstSeen }, events };
}

/** The pin after the person accepted the identity that was kept aside: the mark is gone, because it was the other's. */
export function trustedPin(pin: Pin, changed: NonNullable<Pin['changed']>, state: AccountState, now: number): Pin {
  return { ...firstPin(changed.log, state, now), blocked: pin.blocked };
}

/** Whether `log` begins with all of `prefix`. */
export function startsWith(log: Log, prefix: Log): boolean {
  return log.length >= prefix.length && prefix.every((entry, index) => entry.entry === log[index]?.entry);
}
