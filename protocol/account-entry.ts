// One entry of an account log, as bytes: which device was enrolled or revoked, which password record holds (DESIGN section 4).
// The chain that entries form is account-log.ts.
import { isAddress } from './address.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { DEVICE_BYTES, type Position, writePosition } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { HASH_BYTES, S } from './hash.ts';
import { ADDRESS_MAX_CHARS } from './limits.ts';
import { isEd25519PublicKey, isX25519PublicKey, KEY_BYTES, SIGNATURE_BYTES } from './strict.ts';

/** Suites that one device may offer. */
const DEVICE_SUITES_MAX = 16;
const TYPE = { device: 1, revoke: 2, password: 3 } as const;

export interface DeviceChange {
  readonly type: 'device';
  readonly x25519: Uint8Array;
  readonly ed25519: Uint8Array;
  /** A set: 1 to 16 of them, rising. */
  readonly suites: readonly number[];
}

export interface RevokeChange {
  readonly type: 'revoke';
  readonly device: Uint8Array;
}

export interface PasswordChange {
  readonly type: 'password';
  /** 1 for the first change after sign-up, then one more each time. */
  readonly version: number;
  /** H of the OPAQUE record and of the vault that were written with this entry. */
  readonly record: Uint8Array;
  readonly vault: Uint8Array;
}

export type AccountChange = DeviceChange | RevokeChange | PasswordChange;

export interface AccountEntry {
  /** From 0, without gaps. */
  readonly index: number;
  /** Head of the entry before it; zeros in the first. */
  readonly previous: Uint8Array;
  readonly address: string;
  readonly identity: Uint8Array;
  /** ms since 1970 by the writer's clock. */
  readonly time: number;
  readonly change: AccountChange;
}

/** u64 index ‖ previous head ‖ LP(address) ‖ identity key ‖ u64 time ‖ u8 type ‖ fields. What no entry may hold is a ProtocolError. */
export function encodeAccountEntry(entry: AccountEntry): Uint8Array {
  check(entry);
  const writer = new ByteWriter(256)
    .u64(entry.index)
    .raw(entry.previous, HASH_BYTES)
    .text(entry.address)
    .raw(entry.identity, KEY_BYTES)
    .u64(entry.time)
    .u8(TYPE[entry.change.type]);
  writeChange(writer, entry.change);
  return writer.finish();
}

function writeChange(writer: ByteWriter, change: AccountChange): void {
  switch (change.type) {
    case 'device':
      writer.raw(change.x25519, KEY_BYTES).raw(change.ed25519, KEY_BYTES);
      writer.list(change.suites, (w, suite) => w.u8(suite));
      return;
    case 'revoke':
      writer.raw(change.device, DEVICE_BYTES);
      return;
    case 'password':
      writer.u64(change.version).raw(change.record, HASH_BYTES).raw(change.vault, HASH_BYTES);
  }
}

/** Inverse of `encodeAccountEntry`; all else is a ProtocolError. Byte fields are views of `bytes`. */
export function decodeAccountEntry(bytes: Uint8Array): AccountEntry {
  const reader = new ByteReader(bytes);
  const entry: AccountEntry = {
    index: reader.u64(),
    previous: reader.raw(HASH_BYTES),
    address: reader.text(ADDRESS_MAX_CHARS),
    identity: reader.raw(KEY_BYTES),
    time: reader.u64(),
    change: readChange(reader, reader.u8()),
  };
  reader.end();
  check(entry);
  return entry;
}

function readChange(reader: ByteReader, type: number): AccountChange {
  switch (type) {
    case TYPE.device:
      return {
        type: 'device',
        x25519: reader.raw(KEY_BYTES),
        ed25519: reader.raw(KEY_BYTES),
        suites: reader.list(DEVICE_SUITES_MAX, (r) => r.u8()),
      };
    case TYPE.revoke:
      return { type: 'revoke', device: reader.raw(DEVICE_BYTES) };
    case TYPE.password:
      return { type: 'password', version: reader.u64(), record: reader.raw(HASH_BYTES), vault: reader.raw(HASH_BYTES) };
    default:
      throw new ProtocolError('The entry has an unknown type.');
  }
}

/** What an entry must be by itself, in either direction. */
function check({ address, identity, change }: AccountEntry): void {
  if (!isAddress(address)) throw new ProtocolError('The entry has an address that is not canonical.');
  if (!isEd25519PublicKey(identity)) throw new ProtocolError('The identity key is not a strict Ed25519 key.');
  if (change.type !== 'device') return;
  if (!isX25519PublicKey(change.x25519)) throw new ProtocolError('The device has no strict X25519 key.');
  if (!isEd25519PublicKey(change.ed25519)) throw new ProtocolError('The device has no strict Ed25519 key.');
  const { suites } = change;
  if (suites.length === 0 || suites.length > DEVICE_SUITES_MAX)
    throw new ProtocolError('The device has no list of suites.');
  let last = 0;
  for (const suite of suites) {
    if (suite <= last) throw new ProtocolError('The suites of the device are not a rising set.');
    last = suite;
  }
}

/** head = S("account", entry). */
export function accountHead(entry: Uint8Array): Uint8Array {
  return S('account', entry);
}

/** An entry with what stands outside it. */
export interface SignedEntry {
  readonly entry: Uint8Array;
  /** Sign("account", entry) by the identity. */
  readonly signature: Uint8Array;
  /** Device entries, and no others: Sign("device-entry", entry) by the new device. */
  readonly countersignature?: Uint8Array;
}

/** A signed entry as it crosses the wire: each value in Base64. */
export interface SignedEntryText {
  readonly entry: string;
  readonly signature: string;
  // `| undefined`: what a schema's optional() yields.
  readonly countersignature?: string | undefined;
}

export function encodeSignedEntry(signed: SignedEntry): SignedEntryText {
  const text = { entry: encodeBase64(signed.entry), signature: encodeBase64(signed.signature) };
  if (signed.countersignature === undefined) return text;
  return { ...text, countersignature: encodeBase64(signed.countersignature) };
}

/** Inverse of `encodeSignedEntry`; Base64 that is not canonical and signatures of a wrong length are a ProtocolError. */
export function decodeSignedEntry(text: SignedEntryText): SignedEntry {
  const signed = { entry: decodeBase64(text.entry), signature: decodeSignature(text.signature) };
  if (text.countersignature === undefined) return signed;
  return { ...signed, countersignature: decodeSignature(text.countersignature) };
}

function decodeSignature(text: string): Uint8Array {
  const signature = decodeBase64(text);
  if (signature.length !== SIGNATURE_BYTES) throw new ProtocolError('A signature has 64 bytes.');
  return signature;
}

/** The x of Sign("account-delete", x) by the identity: LP(address) ‖ u64 index ‖ head of the log that is to end. */
export function accountDeletionBytes(address: string, position: Position): Uint8Array {
  const writer = new ByteWriter(128).text(address);
  writePosition(writer, position);
  return writer.finish();
}
