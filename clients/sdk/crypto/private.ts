// The private part: what only the readers of a message see (DESIGN section 5). Besides the content it carries what makes a
// server's lies visible: the message before, the account logs as the sender knows them, the heads that it has seen.
import { ByteReader, ByteWriter, compareBytes } from '#protocol/bytes.ts';
import { DEVICE_BYTES, type Header, type Position, readPosition, writePosition } from '#protocol/envelope.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { HASH_BYTES } from '#protocol/hash.ts';
import { CONTENT_MAX_BYTES } from '#protocol/limits.ts';

export const HEADS_SEEN_MAX = 4;

/** The latest message that the sender has seen of another device in this conversation. */
export interface HeadSeen {
  readonly device: Uint8Array;
  readonly seq: number;
  /** The group's number of it; direct: 0. */
  readonly order: number;
  readonly messageHash: Uint8Array;
}

export interface PrivatePart {
  /** Hash of the same device's message before this one; zeros exactly at seq 1 (another value is shown as a fork, not refused). */
  readonly previous: Uint8Array;
  readonly senderPosition: Position;
  /** Of the other account as used; undefined exactly in groups. */
  readonly recipientPosition: Position | undefined;
  /** At most 4, rising by device, never the sender's own. */
  readonly heads: readonly HeadSeen[];
  /** ms since 1970. */
  readonly sentAt: number;
  /** Time after which clients delete it; 0 = none. */
  readonly expiry: number;
  readonly content: Uint8Array;
}

/** Canonical bytes of the private part under this header; what none may hold is a ProtocolError. */
export function encodePrivate(part: PrivatePart, header: Header): Uint8Array {
  check(part, header);
  const writer = new ByteWriter(512 + part.content.length).raw(part.previous, HASH_BYTES);
  writePosition(writer, part.senderPosition);
  if (part.recipientPosition !== undefined) writePosition(writer, part.recipientPosition);
  writer.list(part.heads, (w, head) =>
    w.raw(head.device, DEVICE_BYTES).u64(head.seq).u64(head.order).raw(head.messageHash, HASH_BYTES),
  );
  return writer.u64(part.sentAt).u64(part.expiry).lp(part.content).finish();
}

/** What was sealed: the private part, its bytes (as signed), and what stands bare behind it (a signature, or nothing). */
export interface Unsealed {
  readonly part: PrivatePart;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Splits private ‖ sig; all that `encodePrivate` would not write is a ProtocolError. Byte fields are views. */
export function decodePrivate(plaintext: Uint8Array, header: Header): Unsealed {
  const reader = new ByteReader(plaintext);
  const part: PrivatePart = {
    previous: reader.raw(HASH_BYTES),
    senderPosition: readPosition(reader),
    recipientPosition: header.conversation.kind === 'direct' ? readPosition(reader) : undefined,
    heads: reader.list(HEADS_SEEN_MAX, (r) => ({
      device: r.raw(DEVICE_BYTES),
      seq: r.u64(),
      order: r.u64(),
      messageHash: r.raw(HASH_BYTES),
    })),
    sentAt: reader.u64(),
    expiry: reader.u64(),
    content: reader.lp(CONTENT_MAX_BYTES),
  };
  const signature = reader.rest();
  check(part, header);
  return { part, bytes: plaintext.subarray(0, plaintext.length - signature.length), signature };
}

function check(part: PrivatePart, header: Header): void {
  const direct = header.conversation.kind === 'direct';
  if (direct !== (part.recipientPosition !== undefined)) {
    throw new ProtocolError('A recipient position belongs in direct messages, and only there.');
  }
  if (part.content.length > CONTENT_MAX_BYTES) throw new ProtocolError('The content is too long.');
  if (part.heads.length > HEADS_SEEN_MAX) throw new ProtocolError('There are too many heads seen.');
  let last: Uint8Array | undefined;
  for (const head of part.heads) {
    if (head.seq < 1) throw new ProtocolError('A head seen has no sequence number.');
    if (direct && head.order !== 0) throw new ProtocolError('A direct message has no order.');
    if (compareBytes(head.device, header.device) === 0) throw new ProtocolError('A head seen is the sender’s own.');
    if (last !== undefined && compareBytes(last, head.device) >= 0) {
      throw new ProtocolError('The heads seen are not a sorted set.');
    }
    last = head.device;
  }
}
