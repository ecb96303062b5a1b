// Making entries of one's own account log: they need the identity seed, which is in memory only while this is done
// (DESIGN section 4). What an entry may say is protocol/account-entry.ts; what chain it joins, protocol/account-log.ts.

import {
  type AccountChange,
  accountDeletionBytes,
  encodeAccountEntry,
  type SignedEntry,
} from '#protocol/account-entry.ts';
import { type AccountState, nextEntry } from '#protocol/account-log.ts';
import type { Position } from '#protocol/envelope.ts';
import { H } from '#protocol/hash.ts';
import { secrets } from '#secrets';
import { signLabelled } from './sign.ts';

/** The account that signs, and the state of its log that the entry continues (undefined: the first entry of a new account). */
export interface AccountSigner {
  readonly address: string;
  readonly identitySeed: Uint8Array;
  readonly state: AccountState | undefined;
}

/** The private keys of a device: 32 bytes each, random, its own. */
export interface DeviceSecrets {
  readonly x25519Secret: Uint8Array;
  readonly ed25519Seed: Uint8Array;
}

function entryBytes({ address, identitySeed, state }: AccountSigner, time: number, change: AccountChange): Uint8Array {
  const identity = secrets.ed25519Public(identitySeed);
  return encodeAccountEntry(nextEntry(state, { address, identity }, time, change));
}

/** A `device` entry: signed by the identity, countersigned by the device. `time` in ms since 1970; suites rising. */
export function enrolDevice(
  signer: AccountSigner,
  device: DeviceSecrets,
  suites: readonly number[],
  time: number,
): SignedEntry & { readonly countersignature: Uint8Array } {
  const entry = entryBytes(signer, time, {
    type: 'device',
    x25519: secrets.x25519Public(device.x25519Secret),
    ed25519: secrets.ed25519Public(device.ed25519Seed),
    suites,
  });
  return {
    entry,
    signature: signLabelled('account', entry, signer.identitySeed),
    countersignature: signLabelled('device-entry', entry, device.ed25519Seed),
  };
}

/** A `revoke` entry for this device id. */
export function revokeDevice(signer: AccountSigner, device: Uint8Array, time: number): SignedEntry {
  const entry = entryBytes(signer, time, { type: 'revoke', device });
  return { entry, signature: signLabelled('account', entry, signer.identitySeed) };
}

/** A `password` entry for the OPAQUE record and the vault that are written with it (as bytes; their hashes enter the log). */
export function changePassword(
  signer: AccountSigner,
  record: Uint8Array,
  vault: Uint8Array,
  time: number,
): SignedEntry {
  const version = (signer.state?.passwordVersion ?? 0) + 1;
  const entry = entryBytes(signer, time, { type: 'password', version, record: H(record), vault: H(vault) });
  return { entry, signature: signLabelled('account', entry, signer.identitySeed) };
}

/** The identity's word that the account is to be deleted, as of this position of its log. */
export function signAccountDeletion(address: string, identitySeed: Uint8Array, position: Position): Uint8Array {
  return signLabelled('account-delete', accountDeletionBytes(address, position), identitySeed);
}
