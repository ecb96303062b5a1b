// Which numbers of a sender's device are missing: pure decisions on one head record (DESIGN sections 3 and 5, gaps and `missed`).
import type { HeadRecord, Missing } from './spaces.ts';

/** Ranges kept for one device and conversation. Beyond it the oldest is shown at once and forgotten; its messages may still come. */
const MISSING_RANGES_MAX = 256;

export type GapRange = { readonly first: number; readonly last: number };
export type HeadChange = {
  readonly head: HeadRecord;
  /** Ranges that there was no room for: to be shown at once. */
  readonly overflow: readonly GapRange[];
};

/** A number that came. `joined`: the epoch with which this person came into the group, the last time before it. */
export type Arrival = {
  readonly seq: number;
  readonly order: number;
  readonly mh: Uint8Array;
  readonly now: number;
  readonly epoch?: number;
  readonly joined?: number;
};

/**
 * The head after this number came. The first number that is ever seen sets the start, and the first one after a time outside the group sets it
 * anew: nothing before it is missing.
 */
export function arrived(before: HeadRecord, at: Arrival): HeadChange {
  const { seq, order, mh, now, epoch, joined } = at;
  const wasAway = joined !== undefined && before.seq > 0 && (before.epoch ?? 0) < joined;
  const head = wasAway && seq > before.top ? { ...before, top: seq - 1 } : before;
  const known = reached(head, seq, now);
  const missing = known.head.missing.flatMap((range) => without(range, seq));
  if (seq <= head.seq) return { head: { ...known.head, missing }, overflow: known.overflow };
  // What a server had only said to be missed may have been far ahead: what it holds back below a number that came is shown by itself.
  const between = ({ first, last }: Missing): boolean => first > head.seq && last < seq;
  const anew = missing.map((range) => (between(range) ? { ...range, since: now, shown: false } : range));
  const its = epoch === undefined ? {} : { epoch };
  return { head: { ...known.head, ...its, seq, order, mh, missing: anew }, overflow: known.overflow };
}

/** The head after the server said that these numbers will not come, and which of them were missing. */
export function missedFor(
  head: HeadRecord,
  seqs: readonly number[],
  now: number,
): HeadChange & { readonly missed: GapRange[] } {
  const overflow: GapRange[] = [];
  const missed: GapRange[] = [];
  let changed = head;
  for (const seq of [...new Set(seqs)].sort((a, b) => a - b)) {
    const beyond = seq > changed.top;
    const known = reached(changed, seq, now);
    const missing = known.head.missing.flatMap((range) => without(range, seq));
    overflow.push(...known.overflow);
    const was = beyond || known.head.missing.some(({ first, last }) => seq >= first && seq <= last);
    changed = { ...known.head, missing };
    if (was) extend(missed, seq);
  }
  return { head: changed, overflow, missed };
}

/** `top` raised to this number; what lies between is missing. */
function reached(head: HeadRecord, seq: number, now: number): HeadChange {
  if (seq <= head.top) return { head, overflow: [] };
  const first = head.top === 0 ? seq : head.top + 1;
  const gap: Missing[] = first < seq ? [{ first, last: seq - 1, since: now, shown: false }] : [];
  const missing = [...head.missing, ...gap];
  const overflow = missing.splice(0, Math.max(0, missing.length - MISSING_RANGES_MAX)).filter(({ shown }) => !shown);
  return { head: { ...head, top: seq, missing }, overflow };
}

function without(range: Missing, seq: number): Missing[] {
  if (seq < range.first || seq > range.last) return [range];
  const parts: Missing[] = [];
  if (range.first < seq) parts.push({ ...range, last: seq - 1 });
  if (seq < range.last) parts.push({ ...range, first: seq + 1 });
  return parts;
}

function extend(ranges: GapRange[], seq: number): void {
  const last = ranges.at(-1);
  if (last !== undefined && last.last === seq - 1) ranges[ranges.length - 1] = { first: last.first, last: seq };
  else ranges.push({ first: seq, last: seq });
}

/** Those open ranges as shown. */
export function shownIn(head: HeadRecord, gap: GapRange): HeadRecord {
  const missing = head.missing.map((range) =>
    range.first >= gap.first && range.last <= gap.last ? { ...range, shown: true } : range,
  );
  return { ...head, missing };
}

/** The same change with nothing of it left to be shown: its sender is blocked. */
export function quietly({ head }: HeadChange): HeadChange {
  return { head: shownIn(head, { first: 1, last: head.top }), overflow: [] };
}

/** The known numbers on either side of the gap that this number lies in; undefined if it lies in none. */
export function neighbours(
  head: HeadRecord,
  seq: number,
): { readonly below: number; readonly above: number } | undefined {
  const range = head.missing.find(({ first, last }) => seq >= first && seq <= last);
  return range && { below: range.first - 1, above: range.last + 1 };
}
