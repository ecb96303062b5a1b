// A sealed message as its servers see it: header, body and the hash that names both (DESIGN section 5).
// The server parses a header per message and never more than this; 1.5 µs each.
import {
  CONVERSATION_MAX_BYTES,
  type Conversation,
  checkDirect,
  decodeConversation,
  encodeConversation,
  isAddress,
} from './address.ts';
import { ByteReader, ByteWriter, concat, isZero } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { H, HASH_BYTES, S } from './hash.ts';
import { ADDRESS_MAX_CHARS, BODY_MAX_BYTES, BODY_MIN_BYTES } from './limits.ts';

const VERSION = 1;
export const SUITE = 1;
const KIND = { direct: 1, group: 2 } as const;
export const DEVICE_BYTES = 32;
export const MESSAGE_ID_BYTES = 16;
export const NONCE_BYTES = 24;
const COMMIT_BYTES = 32;
/** The membership head of a direct message, the `previous` of a first one. Shared: never written to. */
export const ZERO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** What stands in a header. Byte fields: head 32, id 16, device 32. */
export interface Header {
  readonly conversation: Conversation;
  /** Direct: 0 and zeros. */
  readonly epoch: number;
  readonly head: Uint8Array;
  readonly id: Uint8Array;
  readonly sender: string;
  readonly device: Uint8Array;
  /** From 1 by sender device and conversation. */
  readonly seq: number;
}

/** Canonical bytes of a header; fields that no header may have are a ProtocolError. */
export function encodeHeader(header: Header): Uint8Array {
  if (header.conversation.kind === 'direct') checkDirect(header.conversation);
  check(header);
  return new ByteWriter(256)
    .u8(VERSION)
    .u8(SUITE)
    .u8(KIND[header.conversation.kind])
    .lp(encodeConversation(header.conversation))
    .u64(header.epoch)
    .raw(header.head, HASH_BYTES)
    .raw(header.id, MESSAGE_ID_BYTES)
    .text(header.sender)
    .raw(header.device, DEVICE_BYTES)
    .u64(header.seq)
    .finish();
}

/** Inverse of `encodeHeader`; all else is a ProtocolError. Byte fields are views of `bytes`. */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== VERSION) throw new ProtocolError('The header has an unknown version.');
  if (reader.u8() !== SUITE) throw new ProtocolError('The header has an unknown suite.');
  const header: Header = {
    conversation: decodeConversation(kindOf(reader.u8()), reader.lp(CONVERSATION_MAX_BYTES)),
    epoch: reader.u64(),
    head: reader.raw(HASH_BYTES),
    id: reader.raw(MESSAGE_ID_BYTES),
    sender: reader.text(ADDRESS_MAX_CHARS),
    device: reader.raw(DEVICE_BYTES),
    seq: reader.u64(),
  };
  reader.end();
  check(header);
  return header;
}

function kindOf(byte: number): Conversation['kind'] {
  if (byte === KIND.direct) return 'direct';
  if (byte === KIND.group) return 'group';
  throw new ProtocolError('The header has an unknown kind.');
}

function check(header: Header): void {
  // A participant's address has been checked with the conversation: half of the work of decoding is looking at addresses.
  if (!participates(header) && !isAddress(header.sender))
    throw new ProtocolError('The sender is not a canonical address.');
  if (header.seq < 1) throw new ProtocolError('Sequence numbers begin at 1.');
  if (header.conversation.kind === 'direct' && (header.epoch !== 0 || !isZero(header.head))) {
    throw new ProtocolError('A direct message has no epoch and no membership head.');
  }
}

function participates({ conversation, sender }: Header): boolean {
  return conversation.kind === 'direct' && (conversation.lower === sender || conversation.higher === sender);
}

/** body = n (24) ‖ com (32) ‖ C. */
export interface Body {
  readonly nonce: Uint8Array;
  readonly commit: Uint8Array;
  /** 16 bytes of tag, then the ciphertext. */
  readonly ciphertext: Uint8Array;
}

/** The parts of a body, as views; a length outside 328 to 81,992 bytes is a ProtocolError. */
export function splitBody(body: Uint8Array): Body {
  checkBodyLength(body.length);
  return {
    nonce: body.subarray(0, NONCE_BYTES),
    commit: body.subarray(NONCE_BYTES, NONCE_BYTES + COMMIT_BYTES),
    ciphertext: body.subarray(NONCE_BYTES + COMMIT_BYTES),
  };
}

/** n ‖ com ‖ C; wrong lengths are a ProtocolError. */
export function joinBody({ nonce, commit, ciphertext }: Body): Uint8Array {
  if (nonce.length !== NONCE_BYTES || commit.length !== COMMIT_BYTES)
    throw new ProtocolError('A part of the body has a wrong length.');
  checkBodyLength(NONCE_BYTES + COMMIT_BYTES + ciphertext.length);
  return concat(nonce, commit, ciphertext);
}

function checkBodyLength(bytes: number): void {
  if (bytes < BODY_MIN_BYTES) throw new ProtocolError('The body is too short.');
  if (bytes > BODY_MAX_BYTES) throw new ProtocolError('The body is too long.');
}

/** mh = S("message", H(header) ‖ n ‖ com ‖ H(C)): 32 bytes that name a message for good, from header and body bytes. */
export function messageHash(header: Uint8Array, body: Uint8Array): Uint8Array {
  const { nonce, commit, ciphertext } = splitBody(body);
  return messageHashOf(H(header), nonce, commit, H(ciphertext));
}

/** `messageHash` from hashes that are already at hand. */
export function messageHashOf(
  headerHash: Uint8Array,
  nonce: Uint8Array,
  commit: Uint8Array,
  ciphertextHash: Uint8Array,
): Uint8Array {
  return S('message', headerHash, nonce, commit, ciphertextHash);
}

/** device = S("device", X25519 key ‖ Ed25519 key). */
export function deviceId(x25519: Uint8Array, ed25519: Uint8Array): Uint8Array {
  return S('device', new ByteWriter(64).raw(x25519, 32).raw(ed25519, 32).finish());
}

/** Who a device is, to slots and tags. identity and device: 32 bytes each. */
export interface DeviceIds {
  readonly address: string;
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
}

/** ids = LP(address) ‖ identity key ‖ device. */
export function encodeIds(ids: DeviceIds): Uint8Array {
  const writer = new ByteWriter(128);
  writeIds(writer, ids);
  return writer.finish();
}

export function writeIds(writer: ByteWriter, { address, identity, device }: DeviceIds): void {
  writer.text(address).raw(identity, 32).raw(device, DEVICE_BYTES);
}

/** Where somebody stood in an account log: the index of the entry whose hash is `head`; before the first: 0 and zeros. */
export interface Position {
  readonly index: number;
  readonly head: Uint8Array;
}

export const START: Position = { index: 0, head: ZERO_HASH };

export function writePosition(writer: ByteWriter, position: Position): void {
  writer.u64(position.index).raw(position.head, HASH_BYTES);
}

export function readPosition(reader: ByteReader): Position {
  return { index: reader.u64(), head: reader.raw(HASH_BYTES) };
}
