// The chain of an account's entries: which devices speak for an address, verified from the first entry on (DESIGN section 4).
// auth checks it at the door and every client checks it again, with this same code.
import {
  type AccountChange,
  type AccountEntry,
  accountHead,
  type DeviceChange,
  decodeAccountEntry,
  type SignedEntry,
} from './account-entry.ts';
import { encodeBase64 } from './base64.ts';
import { equalBytes } from './bytes.ts';
import { deviceId, type Position, START, ZERO_HASH } from './envelope.ts';
import { CryptoError, ProtocolError } from './errors.ts';
import { verifyLabelled } from './hash.ts';
import { ACCOUNT_LOG_MAX_ENTRIES, DEVICES_MAX } from './limits.ts';

export interface LogDevice {
  /** 32 bytes: S("device", keys). */
  readonly id: Uint8Array;
  readonly x25519: Uint8Array;
  readonly ed25519: Uint8Array;
  readonly suites: readonly number[];
  /** Index and time (ms, the writer's clock) of the entry that enrolled it. */
  readonly enrolled: { readonly index: number; readonly time: number };
  /** Likewise of the entry that revoked it; undefined while it is good. */
  readonly revoked: { readonly index: number; readonly time: number } | undefined;
}

/** What a good log says, as of its last entry. Byte fields are copies: they hold no frame in memory. */
export interface AccountState {
  readonly address: string;
  readonly identity: Uint8Array;
  /** All that ever were, by Base64 of their id, in order of enrolment. */
  readonly devices: ReadonlyMap<string, LogDevice>;
  /** 0 until the first `password` entry. */
  readonly passwordVersion: number;
  /** The hashes of the last `password` entry. */
  readonly password: { readonly record: Uint8Array; readonly vault: Uint8Array } | undefined;
  /** Head after each entry, by index. */
  readonly heads: readonly Uint8Array[];
  readonly position: Position;
}

/** The state while entries are added: one copy for all of them, not one for each. */
interface Draft extends Omit<AccountState, 'devices' | 'heads'> {
  devices: Map<string, LogDevice>;
  heads: Uint8Array[];
  passwordVersion: number;
  password: AccountState['password'];
  position: Position;
}

/**
 * Verifies entries, oldest first, and returns what they say; with `from`, they go on after that state (a fork of it is
 * refused). Every refusal is a CryptoError at step `device` that names the entry and why. No entry at all, and no `from`, too.
 */
export function verifyAccountLog(entries: readonly SignedEntry[], address: string, from?: AccountState): AccountState {
  return addAll(entries, address, from, verifySignatures);
}

/** `verifyAccountLog` for one more entry. */
export function appendEntry(state: AccountState | undefined, signed: SignedEntry, address: string): AccountState {
  return addAll([signed], address, state, verifySignatures);
}

/**
 * The state of a log that this process has verified before and kept itself: the chain is checked, signatures are not
 * (0.2 ms an entry). Never for what somebody else sent.
 */
export function replayAccountLog(entries: readonly SignedEntry[], address: string): AccountState {
  return addAll(entries, address, undefined, () => {});
}

type SignatureCheck = (signed: SignedEntry, entry: AccountEntry) => void;

function addAll(
  entries: readonly SignedEntry[],
  address: string,
  from: AccountState | undefined,
  checkSignatures: SignatureCheck,
): AccountState {
  let draft: Draft | undefined = from && { ...from, devices: new Map(from.devices), heads: [...from.heads] };
  for (const signed of entries) {
    const index = draft === undefined ? 0 : draft.position.index + 1;
    try {
      draft = add(draft, signed, address, index, checkSignatures);
    } catch (error) {
      if (error instanceof ProtocolError) throw refused(index, error.message);
      throw error;
    }
  }
  if (draft === undefined) throw new CryptoError('device', 'The account log is empty.');
  if (draft.address !== address) throw new CryptoError('device', 'The account log is another address’s.');
  return draft;
}

function refused(index: number, reason: string): CryptoError {
  return new CryptoError('device', `Entry ${index} of the account log is refused: ${reason}`);
}

function add(
  draft: Draft | undefined,
  signed: SignedEntry,
  address: string,
  index: number,
  checkSignatures: SignatureCheck,
): Draft {
  const entry = decodeAccountEntry(signed.entry);
  if (index >= ACCOUNT_LOG_MAX_ENTRIES) throw refused(index, 'the log is full.');
  if (entry.index !== index) throw refused(index, `it says that it is entry ${entry.index}.`);
  if (entry.address !== address) throw refused(index, 'it is of another address.');
  if (!equalBytes(entry.previous, draft?.position.head ?? ZERO_HASH)) throw refused(index, 'it continues another log.');
  if (draft !== undefined && !equalBytes(entry.identity, draft.identity))
    throw refused(index, 'it is of another identity.');
  checkSignatures(signed, entry);
  const next = draft ?? begin(entry);
  applyChange(next, entry);
  const head = accountHead(signed.entry).slice();
  next.heads.push(head);
  next.position = { index, head };
  return next;
}

function begin(entry: AccountEntry): Draft {
  if (entry.change.type !== 'device') throw refused(0, 'a log begins with a device.');
  return {
    address: entry.address,
    identity: entry.identity.slice(),
    devices: new Map(),
    passwordVersion: 0,
    password: undefined,
    heads: [],
    position: START,
  };
}

function verifySignatures({ entry: bytes, signature, countersignature }: SignedEntry, entry: AccountEntry): void {
  if (!verifyLabelled('account', bytes, entry.identity, signature)) {
    throw refused(entry.index, 'the identity did not sign it.');
  }
  if (entry.change.type !== 'device') {
    if (countersignature !== undefined)
      throw refused(entry.index, 'it has a countersignature that does not belong there.');
    return;
  }
  if (
    countersignature === undefined ||
    !verifyLabelled('device-entry', bytes, entry.change.ed25519, countersignature)
  ) {
    throw refused(entry.index, 'the new device did not sign it.');
  }
}

function applyChange(draft: Draft, { index, time, change }: AccountEntry): void {
  switch (change.type) {
    case 'device':
      enrol(draft, change, index, time);
      return;
    case 'revoke': {
      const key = encodeBase64(change.device);
      const device = draft.devices.get(key);
      if (device === undefined) throw refused(index, 'it revokes a device that was never enrolled.');
      if (device.revoked !== undefined) throw refused(index, 'it revokes a device that is revoked already.');
      draft.devices.set(key, { ...device, revoked: { index, time } });
      return;
    }
    case 'password':
      if (change.version !== draft.passwordVersion + 1)
        throw refused(index, 'its password version is not the next one.');
      draft.passwordVersion = change.version;
      draft.password = { record: change.record.slice(), vault: change.vault.slice() };
  }
}

function enrol(draft: Draft, { x25519, ed25519, suites }: DeviceChange, index: number, time: number): void {
  let active = 0;
  for (const known of draft.devices.values()) {
    if (known.revoked === undefined) active++;
    if (equalBytes(known.x25519, x25519) || equalBytes(known.ed25519, ed25519)) {
      throw refused(index, 'the keys of its device were enrolled before.');
    }
  }
  if (active >= DEVICES_MAX) throw refused(index, `an account has at most ${DEVICES_MAX} devices at a time.`);
  const id = deviceId(x25519, ed25519).slice();
  draft.devices.set(encodeBase64(id), {
    id,
    x25519: x25519.slice(),
    ed25519: ed25519.slice(),
    suites,
    enrolled: { index, time },
    revoked: undefined,
  });
}

/** The entry that would come next, to be encoded and signed. `state` undefined: the first of a new log. */
export function nextEntry(
  state: AccountState | undefined,
  account: { readonly address: string; readonly identity: Uint8Array },
  time: number,
  change: AccountChange,
): AccountEntry {
  return {
    index: state === undefined ? 0 : state.position.index + 1,
    previous: state?.position.head ?? ZERO_HASH,
    address: account.address,
    identity: account.identity,
    time,
    change,
  };
}

/** The devices that messages may go to and come from, in order of enrolment. */
export function activeDevices(state: AccountState): LogDevice[] {
  return [...state.devices.values()].filter((device) => device.revoked === undefined);
}

/** The device with this id, revoked or not. */
export function deviceOf(state: AccountState, id: Uint8Array): LogDevice | undefined {
  return state.devices.get(encodeBase64(id));
}

/** How a position that somebody names stands to a log: in it, beyond its end (fetch more), or on another branch. */
export function comparePosition(
  state: AccountState | undefined,
  { index, head }: Position,
): 'known' | 'beyond' | 'fork' {
  if (index === 0 && equalBytes(head, ZERO_HASH)) return 'known';
  const own = state?.heads[index];
  if (own === undefined) return 'beyond';
  return equalBytes(own, head) ? 'known' : 'fork';
}
