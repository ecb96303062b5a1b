// Content of kind 2: which messages of the conversation the device that sends it has shown to its person, each with the tag that proves it.
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { ByteReader, ByteWriter, compareBytes } from '#protocol/bytes.ts';
import { DEVICE_BYTES } from '#protocol/envelope.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { RECEIVED_TAG_BYTES } from '../crypto/received.ts';
import type { ReadMark } from '../profile/profile.ts';

/** Messages in one receipt. */
export const RECEIPT_MARKS_MAX = 100;

/** u32 count (1 to 100) ‖ for each, rising by (device, seq): device that wrote it (32) ‖ u64 seq ‖ tag (16). Repeats and more than 100 are a ProtocolError. */
export function encodeReceipt(marks: readonly ReadMark[]): Uint8Array {
  const sorted = marks.map((mark) => ({ ...mark, id: decodeBase64(mark.device) })).sort(compareMarks);
  check(sorted);
  return new ByteWriter()
    .list(sorted, (writer, { id, seq, tag }) => writer.raw(id, DEVICE_BYTES).u64(seq).raw(tag, RECEIVED_TAG_BYTES))
    .finish();
}

/** All that `encodeReceipt` would not write is a ProtocolError. */
export function decodeReceipt(bytes: Uint8Array): ReadMark[] {
  const reader = new ByteReader(bytes);
  const marks = reader.list(RECEIPT_MARKS_MAX, (r) => ({
    id: r.raw(DEVICE_BYTES),
    seq: r.u64(),
    tag: r.raw(RECEIVED_TAG_BYTES).slice(),
  }));
  reader.end();
  check(marks);
  return marks.map(({ id, seq, tag }) => ({ device: encodeBase64(id), seq, tag }));
}

type Numbered = { readonly id: Uint8Array; readonly seq: number };

function compareMarks(a: Numbered, b: Numbered): number {
  return compareBytes(a.id, b.id) || a.seq - b.seq;
}

function check(marks: readonly Numbered[]): void {
  if (marks.length === 0 || marks.length > RECEIPT_MARKS_MAX) {
    throw new ProtocolError(`A receipt is of 1 to ${RECEIPT_MARKS_MAX} messages, not of ${marks.length}.`);
  }
  let last: Numbered | undefined;
  for (const mark of marks) {
    if (mark.seq < 1) throw new ProtocolError('A message in a receipt has no sequence number.');
    if (last !== undefined && compareMarks(last, mark) >= 0)
      throw new ProtocolError('A receipt is not a sorted set of messages.');
    last = mark;
  }
}
