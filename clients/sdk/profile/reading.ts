// What counts as read: everything up to the line that was shown last, but of what came late among what had been read only what was shown itself,
// so that nobody can have a message count as read by holding it back.
import { type Context, conversationRecord } from './context.ts';
import { endOfCame } from './ordered.ts';
import type { ReadMark } from './profile.ts';
import type { RecordWriter } from './sealed-records.ts';
import { CONVERSATIONS, type ConversationRecord, HISTORY, type HistoryRecord, numberOf, SEQS } from './spaces.ts';

/** Lines looked at at a time: a long backlog is not in memory as a whole. */
const PAGE_LINES = 256;

/** See `HistoryPart.markRead`. `became`: told of each line that becomes read by it, which costs a look at all of them. */
export async function markRead(
  { places }: Context,
  tx: RecordWriter,
  conversation: string,
  shown: readonly number[],
  became?: (entry: HistoryRecord) => void,
): Promise<void> {
  const key = places.conversation(conversation);
  const before = await tx.get(CONVERSATIONS, key);
  if (before === undefined) return;
  const end = endOfCame(before);
  const readThrough = shown.reduce((last, position) => Math.max(last, Math.min(position, end)), before.readThrough);
  const unread = { ...before.unread };
  const unreadLate = { ...before.unreadLate };
  for (const position of shown) {
    if (total(unreadLate) === 0) break;
    if (position > before.readThrough) continue;
    const at = places.history(conversation, position);
    const entry = await tx.get(HISTORY, at);
    if (entry?.unread !== true) continue;
    const { unread: _unread, ...seen } = entry;
    tx.put(HISTORY, at, seen);
    for (const counts of [unread, unreadLate]) take(counts, entry.from, 1);
    became?.(entry);
  }
  const all = readThrough >= end;
  // Only what is read now: a long backlog is gone through once, whatever the steps.
  for (let from = before.readThrough + 1; total(unread) > total(unreadLate) && (!all || became !== undefined); ) {
    const range = { from: places.history(conversation, from), to: places.history(conversation, readThrough + 1) };
    const page = await tx.range(HISTORY, { ...range, limit: PAGE_LINES });
    for (const { key: at, value: entry } of page) {
      from = numberOf(at) + 1;
      if (entry.own || entry.read === true) continue;
      take(unread, entry.from, 1);
      became?.(entry);
    }
    if (page.length < PAGE_LINES) break;
  }
  tx.put(CONVERSATIONS, key, { ...before, readThrough, unreadLate, unread: all ? unreadLate : unread });
}

/** See `HistoryPart.readElsewhere`. */
export async function readElsewhere(
  context: Context,
  tx: RecordWriter,
  conversation: string,
  read: readonly Pick<ReadMark, 'device' | 'seq'>[],
): Promise<void> {
  const { places } = context;
  const positions = new Set<number>();
  for (const { device, seq } of read) {
    const place = await tx.get(SEQS, places.seq(conversation, device, seq));
    if (place !== undefined && place.position > 0) positions.add(place.position);
  }
  const { readThrough } = await conversationRecord(tx, places, conversation);
  const late = [...positions].filter((position) => position <= readThrough);
  const next = await follows(context, tx, conversation, readThrough, positions);
  if (late.length + next.length > 0) await markRead(context, tx, conversation, [...late, ...next]);
}

/** The lines behind this position, up to the first one that is unread and none of `read`. */
async function follows(
  { places }: Context,
  tx: RecordWriter,
  conversation: string,
  behind: number,
  read: ReadonlySet<number>,
): Promise<number[]> {
  const lines: number[] = [];
  const last = Math.max(behind, ...read);
  const to = places.history(conversation, last + 1);
  for (let from = behind + 1; ; from = (lines.at(-1) ?? behind) + 1) {
    const page = await tx.range(HISTORY, { from: places.history(conversation, from), to, limit: PAGE_LINES });
    for (const { key, value: entry } of page) {
      const position = numberOf(key);
      if (!entry.own && entry.read !== true && !read.has(position)) return lines;
      lines.push(position);
    }
    if (page.length < PAGE_LINES) return lines;
  }
}

export function isUnread(entry: HistoryRecord, position: number, { readThrough }: ConversationRecord): boolean {
  return !entry.own && entry.read !== true && (position > readThrough || entry.unread === true);
}

/** Lowers a count, which is not there if it is 0. */
export function take(counts: Record<string, number>, of: string, by: number): void {
  const left = (Object.hasOwn(counts, of) ? (counts[of] ?? 0) : 0) - by;
  if (left > 0) counts[of] = left;
  else delete counts[of];
}

export function total(counts: Readonly<Record<string, number>> = {}): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
