// One entry of a group's membership log, as bytes: who did what to whom (DESIGN section 6). Who may do what is group-state.ts, the chain
// that entries form is group-log.ts.
import { isAddress } from './address.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { ByteReader, ByteWriter, isZero } from './bytes.ts';
import { DEVICE_BYTES, type Position, readPosition, writePosition } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import type { SignedGroupEntryText } from './frames/fields.ts';
import { HASH_BYTES, S } from './hash.ts';
import { ADDRESS_MAX_CHARS } from './limits.ts';
import { isEd25519PublicKey, KEY_BYTES, SIGNATURE_BYTES } from './strict.ts';

const RANDOM_BYTES = 16;
const TYPE = { create: 1, add: 2, remove: 3, join: 4, leave: 5, admin: 6, policy: 7, delete: 8, anchor: 9 } as const;
const POLICY = { closed: 1, open: 2, lobby: 3 } as const;
const ROLE = { member: 1, admin: 2 } as const;
/** Each so many entries one says what the state is, so that who comes later need not begin at the first. */
const STATE_INTERVAL_ENTRIES = 64;

export const GROUP_POLICIES = ['closed', 'open', 'lobby'] as const satisfies readonly (keyof typeof POLICY)[];
export type GroupPolicy = keyof typeof POLICY;
export type GroupRole = keyof typeof ROLE;

/** A person in a group. Another identity under the same address is another member. */
export interface Subject {
  readonly address: string;
  /** Ed25519, 32 bytes. */
  readonly identity: Uint8Array;
}

/** Who wrote an entry: with which device, and how far the own account log had come. */
export interface Actor extends Subject {
  /** 32 bytes: S("device", keys). */
  readonly device: Uint8Array;
  readonly position: Position;
}

export type GroupChange =
  /** `name`: name@domain of the group. `random`: 16 bytes, so that no two groups have the same id. Its actor is the first member, and admin unless it is a lobby. */
  | { readonly type: 'create'; readonly name: string; readonly policy: GroupPolicy; readonly random: Uint8Array }
  | { readonly type: 'add' | 'remove'; readonly subject: Subject }
  | { readonly type: 'admin'; readonly subject: Subject; readonly role: GroupRole }
  | { readonly type: 'policy'; readonly policy: GroupPolicy }
  | { readonly type: 'join' | 'leave' | 'delete' | 'anchor' };

export interface GroupEntry {
  /** 32 bytes: S("group", create entry); zeros in that one. */
  readonly group: Uint8Array;
  /** From 0, without gaps: the epoch that begins with it. */
  readonly index: number;
  /** Head of the entry before it; zeros in the first. */
  readonly previous: Uint8Array;
  readonly actor: Actor;
  readonly change: GroupChange;
  /** ms since 1970 by the writer's clock. */
  readonly time: number;
  /** S("state", …) of what is so after it, where `statesState` says so; else zeros. */
  readonly state: Uint8Array;
}

/** Whether an entry says what the state is after it. */
export function statesState(index: number, type: GroupChange['type']): boolean {
  return type === 'create' || type === 'add' || index % STATE_INTERVAL_ENTRIES === 0;
}

/**
 * group id ‖ u64 index ‖ previous head ‖ u8 type ‖ actor: LP(address) ‖ identity ‖ device ‖ position ‖ (add, remove, admin) subject: LP(address) ‖
 * identity ‖ fields ‖ u64 time ‖ state. Fields: create: LP(name) ‖ u8 policy ‖ 16 random bytes; admin: u8 role; policy: u8 policy. What no
 * entry may hold is a ProtocolError.
 */
export function encodeGroupEntry(entry: GroupEntry): Uint8Array {
  check(entry);
  const { actor, change } = entry;
  const writer = new ByteWriter(512)
    .raw(entry.group, HASH_BYTES)
    .u64(entry.index)
    .raw(entry.previous, HASH_BYTES)
    .u8(TYPE[change.type]);
  writeSubject(writer, actor);
  writer.raw(actor.device, DEVICE_BYTES);
  writePosition(writer, actor.position);
  writeChange(writer, change);
  return writer.u64(entry.time).raw(entry.state, HASH_BYTES).finish();
}

/** Inverse of `encodeGroupEntry`; all else is a ProtocolError. Byte fields are views of `bytes`. */
export function decodeGroupEntry(bytes: Uint8Array): GroupEntry {
  const reader = new ByteReader(bytes);
  const [group, index, previous, type] = [reader.raw(HASH_BYTES), reader.u64(), reader.raw(HASH_BYTES), reader.u8()];
  const actor = { ...readSubject(reader), device: reader.raw(DEVICE_BYTES), position: readPosition(reader) };
  const change = readChange(reader, type);
  const entry = { group, index, previous, actor, change, time: reader.u64(), state: reader.raw(HASH_BYTES) };
  reader.end();
  check(entry);
  return entry;
}

/** The id of the group that this entry creates. */
export function groupId(create: Uint8Array): Uint8Array {
  return S('group', create);
}

/** head = S("entry", entry). */
export function groupHead(entry: Uint8Array): Uint8Array {
  return S('entry', entry);
}

/** An entry with what stands outside it. */
export interface SignedGroupEntry {
  readonly entry: Uint8Array;
  /** Sign("entry", entry) by the actor's device. */
  readonly signature: Uint8Array;
}

/** As it crosses the wire. */
export function encodeSignedGroupEntry({ entry, signature }: SignedGroupEntry): SignedGroupEntryText {
  return { entry: encodeBase64(entry), signature: encodeBase64(signature) };
}

/** Inverse of `encodeSignedGroupEntry`; Base64 that is not canonical and signatures of a wrong length are a ProtocolError. */
export function decodeSignedGroupEntry({ entry, signature }: SignedGroupEntryText): SignedGroupEntry {
  const decoded = { entry: decodeBase64(entry), signature: decodeBase64(signature) };
  checkSignature(decoded.signature);
  return decoded;
}

export function writeSubject(writer: ByteWriter, { address, identity }: Subject): void {
  writer.text(address).raw(identity, KEY_BYTES);
}

export function readSubject(reader: ByteReader): Subject {
  return { address: reader.text(ADDRESS_MAX_CHARS), identity: reader.raw(KEY_BYTES) };
}

export function writePolicy(writer: ByteWriter, policy: GroupPolicy): void {
  writer.u8(POLICY[policy]);
}

export function writeRole(writer: ByteWriter, role: GroupRole): void {
  writer.u8(ROLE[role]);
}

function writeChange(writer: ByteWriter, change: GroupChange): void {
  switch (change.type) {
    case 'create':
      writer.text(change.name);
      writePolicy(writer, change.policy);
      writer.raw(change.random, RANDOM_BYTES);
      return;
    case 'add':
    case 'remove':
      return writeSubject(writer, change.subject);
    case 'admin':
      writeSubject(writer, change.subject);
      return writeRole(writer, change.role);
    case 'policy':
      return writePolicy(writer, change.policy);
  }
}

function readChange(reader: ByteReader, byte: number): GroupChange {
  const type = nameOf(TYPE, byte, 'The entry has an unknown type.');
  switch (type) {
    case 'create':
      return {
        type,
        name: reader.text(ADDRESS_MAX_CHARS),
        policy: readPolicy(reader),
        random: reader.raw(RANDOM_BYTES),
      };
    case 'add':
    case 'remove':
      return { type, subject: readSubject(reader) };
    case 'admin':
      return { type, subject: readSubject(reader), role: readRole(reader) };
    case 'policy':
      return { type, policy: readPolicy(reader) };
    default:
      return { type };
  }
}

export function readPolicy(reader: ByteReader): GroupPolicy {
  return nameOf(POLICY, reader.u8(), 'The entry has an unknown policy.');
}

export function readRole(reader: ByteReader): GroupRole {
  return nameOf(ROLE, reader.u8(), 'The entry has an unknown role.');
}

function nameOf<T extends string>(names: Readonly<Record<T, number>>, byte: number, fault: string): T {
  // The keys of an object literal that has no others.
  for (const name of Object.keys(names) as T[]) if (names[name] === byte) return name;
  throw new ProtocolError(fault);
}

/** What an entry must be by itself, in either direction. */
function check({ group, index, previous, actor, change, state }: GroupEntry): void {
  const first = change.type === 'create';
  if (first !== (index === 0)) throw new ProtocolError('A log begins with its create entry, and has no other.');
  if (first !== isZero(group) || first !== isZero(previous))
    throw new ProtocolError('The first entry alone stands on nothing.');
  if (statesState(index, change.type) === isZero(state))
    throw new ProtocolError('The entry does not say its state where it has to.');
  checkSubject(actor);
  if (change.type === 'create' && !isAddress(change.name)) throw new ProtocolError('The group has no canonical name.');
  if ('subject' in change) checkSubject(change.subject);
}

/** Refuses (ProtocolError) what can be nobody in a group. */
export function checkSubject({ address, identity }: Subject): void {
  if (!isAddress(address)) throw new ProtocolError('The entry has an address that is not canonical.');
  if (!isEd25519PublicKey(identity)) throw new ProtocolError('An identity key is not a strict Ed25519 key.');
}

/** Refuses (ProtocolError) what is no signature. */
export function checkSignature(signature: Uint8Array): void {
  if (signature.length !== SIGNATURE_BYTES) throw new ProtocolError('A signature has 64 bytes.');
}
