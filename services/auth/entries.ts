// New entries of an account log, on their way in: what does not verify is refused at the door, and again by every client.
import {
  type AccountChange,
  decodeAccountEntry,
  decodeSignedEntry,
  type SignedEntry,
} from '#protocol/account-entry.ts';
import { type AccountState, activeDevices, appendEntry } from '#protocol/account-log.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { CryptoError, RequestError } from '#protocol/errors.ts';
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import { ACCOUNT_LOG_MAX_ENTRIES, DEVICES_MAX } from '#protocol/limits.ts';

/** The last entries are kept for revoking: a full log must not protect a stolen device. */
const CHANGES_MAX_ENTRIES = ACCOUNT_LOG_MAX_ENTRIES - DEVICES_MAX;

/** What the entry says, before anything about it is verified. ProtocolError if it is not well formed. */
export function readEntry(text: SignedEntryText): {
  readonly signed: SignedEntry;
  readonly change: AccountChange;
  readonly index: number;
} {
  const signed = decodeSignedEntry(text);
  const { change, index } = decodeAccountEntry(signed.entry);
  return { signed, change, index };
}

/** Whether the very same entry, signatures included, stands in the log already: then its request came twice. */
export function isRepeated(log: readonly SignedEntryText[], index: number, text: SignedEntryText): boolean {
  const known = log[index];
  return (
    known !== undefined &&
    known.entry === text.entry &&
    known.signature === text.signature &&
    known.countersignature === text.countersignature
  );
}

/**
 * The log with one more entry, verified entirely: chain, address, identity, signatures, keys. RequestError `stale_log` if it
 * continues another state, `log_full` if there is no room, `bad_signature` for all else.
 */
export function extendLog(log: AccountState | undefined, signed: SignedEntry, address: string): AccountState {
  const { index, previous, change } = decodeAccountEntry(signed.entry);
  if (log && (index !== log.position.index + 1 || !equalBytes(previous, log.position.head))) {
    throw new RequestError('stale_log');
  }
  const room = change.type === 'revoke' ? ACCOUNT_LOG_MAX_ENTRIES : CHANGES_MAX_ENTRIES;
  if (index >= room) throw new RequestError('log_full');
  if (log && change.type === 'device' && activeDevices(log).length >= DEVICES_MAX) {
    throw new RequestError('log_full', `This account has ${DEVICES_MAX} devices in use. Revoke one of them first.`);
  }
  try {
    return appendEntry(log, signed, address);
  } catch (error) {
    if (error instanceof CryptoError) throw new RequestError('bad_signature', error.message);
    throw error;
  }
}
