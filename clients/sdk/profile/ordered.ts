// Where the lines of a group stand: by the number that the group has given each message, which is the same for all its members. So the
// place is a function of the number, whatever came first. What this device has queued has no number yet, and stands behind all that have one.
import type { DeviceId } from './ids.ts';
import type { RecordReader, RecordWriter } from './sealed-records.ts';
import { type ConversationRecord, HISTORY, numberOf, type Places, SEQS } from './spaces.ts';

/** Positions between one number and the next: for what a server gives a number that is taken. */
const NUMBER_STEP = 2 ** 20;

/** Numbers beyond it have no place: 2^20 positions each, below what is queued. A group has not so many messages in its life. */
export const ORDER_MAX = 2 ** 32 - 1;
/** The place of the own message `seq`, until it has a number, lies so far ahead. No conversation between two ever comes here. */
const QUEUED_FROM = 2 ** 52;

/** Whether this is a group's conversation. */
export function isOrdered(conversation: string): boolean {
  return conversation.startsWith('#');
}

/** Where an own message of a group stands that has no number yet. */
export function queuedPlace(seq: number): number {
  return QUEUED_FROM + seq;
}

/** The number of the own message that was queued here; undefined for every other position. */
function queuedSeq(position: number): number | undefined {
  return position > QUEUED_FROM ? position - QUEUED_FROM : undefined;
}

/** The last position that is read when all is read that came. Own lines behind it change nothing: others may come ahead of them yet. */
export function endOfCame({ conversation, lastPosition, top }: ConversationRecord): number {
  if (!isOrdered(conversation)) return lastPosition;
  return Math.min(lastPosition, ((top?.order ?? 0) + 1) * NUMBER_STEP - 1);
}

/** The position of this number. `taken`: another message has the same one: this one stands behind it. */
export async function numberedPlace(
  tx: RecordWriter,
  places: Places,
  conversation: string,
  order: number,
): Promise<{ readonly position: number; readonly taken: boolean }> {
  const position = order * NUMBER_STEP;
  if ((await tx.get(HISTORY, places.history(conversation, position))) === undefined) return { position, taken: false };
  return { position: await lastOf(tx, places, conversation, position), taken: true };
}

/** Where a message stands that will never have a number: behind what was there when that became clear. */
export async function numberlessPlace(
  tx: RecordWriter,
  places: Places,
  { conversation, lastPosition }: ConversationRecord,
): Promise<number> {
  return lastOf(tx, places, conversation, lastPosition - (lastPosition % NUMBER_STEP));
}

/** Behind all that stands between this number's position and the next one's. */
async function lastOf(tx: RecordWriter, places: Places, conversation: string, position: number): Promise<number> {
  const end = position + NUMBER_STEP;
  const range = { from: places.history(conversation, position), to: places.history(conversation, end) };
  const [last] = await tx.range(HISTORY, { ...range, reverse: true, limit: 1 });
  return Math.min(end - 1, last === undefined ? position + 1 : numberOf(last.key) + 1);
}

/** Where a line is now that was written at this position: one that was queued has moved to its number. */
export async function standsAt(
  tx: RecordReader,
  { places, self }: { readonly places: Places; readonly self: { readonly device: DeviceId } },
  conversation: string,
  position: number,
): Promise<number> {
  const seq = queuedSeq(position);
  if (seq === undefined) return position;
  return (await tx.get(SEQS, places.seq(conversation, self.device, seq)))?.position ?? position;
}
