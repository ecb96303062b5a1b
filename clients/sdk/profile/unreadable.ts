// What could not be opened is kept as it came, for whoever looks into it: within a bound, because anybody can send rubbish.
// The oldest bytes are dropped then, and at last the oldest lines; that something came, from whom and why it was not opened, is an event, too.
import { appendEvents } from './context.ts';
import type { NewUnreadable } from './profile.ts';
import type { RecordWriter } from './sealed-records.ts';
import { COUNTERS, counters, nextNumber, SINGLE, UNREADABLE, u64Key } from './spaces.ts';

/** Items with their bytes, and what these come to. */
export const UNREADABLE_KEPT_MAX_ITEMS = 1_000;
export const UNREADABLE_KEPT_MAX_BYTES = 8 * 1024 * 1024;

/** Lines, with bytes or without: what a server pushes without end must not fill the disk. */
export const UNREADABLE_KEPT_MAX_LINES = 10_000;

/** Keeps an item and appends its event; drops the bytes of the oldest ones that there is no room for. */
export async function keepUnreadable(tx: RecordWriter, item: NewUnreadable): Promise<void> {
  const number = await nextNumber(tx, 'unreadable');
  tx.put(UNREADABLE, u64Key(number), item);
  if (number > UNREADABLE_KEPT_MAX_LINES) tx.delete(UNREADABLE, u64Key(number - UNREADABLE_KEPT_MAX_LINES));
  const { receivedAt, ...said } = lineOf(item);
  await appendEvents(tx, [{ type: 'unreadable', ...said, at: receivedAt }]);
  await dropOldest(tx, number, bytesOf(item));
}

async function dropOldest(tx: RecordWriter, last: number, added: number): Promise<void> {
  const now = await counters(tx);
  let from = now.unreadableFrom;
  let bytes = now.unreadableBytes + added;
  while (from < last && (last - from >= UNREADABLE_KEPT_MAX_ITEMS || bytes > UNREADABLE_KEPT_MAX_BYTES)) {
    const oldest = await tx.get(UNREADABLE, u64Key(from));
    if (oldest !== undefined) {
      bytes = Math.max(0, bytes - bytesOf(oldest));
      tx.put(UNREADABLE, u64Key(from), lineOf(oldest));
    }
    from++;
  }
  tx.put(COUNTERS, SINGLE, { ...now, unreadableFrom: from, unreadableBytes: bytes });
}

function lineOf({ header: _header, body: _body, slot: _slot, content: _content, ...line }: NewUnreadable) {
  return line;
}

function bytesOf({ header = '', body = '', slot = '', content }: NewUnreadable): number {
  return header.length + body.length + slot.length + (content?.length ?? 0);
}
