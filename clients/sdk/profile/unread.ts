// What is unread of a conversation: all of others behind `readThrough`, but for what was read elsewhere, and of what came late among what had been
// read, the lines that are marked. Counted beside the lines, so that nobody has to go through them.
import { conversationRecord, linesOf, shownEntry } from './context.ts';
import type { HistoryEntry, Unread } from './profile.ts';
import { isUnread, take, total } from './reading.ts';
import type { RecordReader, RecordWriter } from './sealed-records.ts';
import {
  CONVERSATIONS,
  type ConversationRecord,
  HISTORY,
  type HistoryRecord,
  numberOf,
  type Places,
  under,
} from './spaces.ts';

/** Entries looked at at a time. */
const PAGE_ENTRIES = 256;

export class UnreadLines {
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  /** Those that took a place among what had been read, oldest first. */
  async late(tx: RecordReader, { conversation, readThrough, unreadLate }: ConversationRecord): Promise<HistoryEntry[]> {
    const late: HistoryEntry[] = [];
    let left = total(unreadLate);
    const { from } = under(this.#places.conversation(conversation));
    for (let before = readThrough + 1; left > 0; ) {
      const to = this.#places.history(conversation, before);
      const page = await tx.range(HISTORY, { from, to, reverse: true, limit: PAGE_ENTRIES });
      for (const { key, value } of page) {
        before = numberOf(key);
        if (value.unread !== true) continue;
        late.push(await shownEntry(tx, this.#places, conversation, before, value));
        left--;
      }
      if (page.length < PAGE_ENTRIES) break;
    }
    return late.reverse();
  }

  async of(tx: RecordReader, record: ConversationRecord, contextLimit: number, limit: number): Promise<Unread> {
    const { conversation, lastPosition, unread, unreadLate } = record;
    const behind = total(unread) - total(unreadLate);
    const first = behind === 0 ? undefined : await this.#first(tx, record);
    const context = { conversation, below: first, limit: contextLimit, reverse: true };
    const fresh: HistoryEntry[] = [];
    let left = behind;
    for (const { key, value } of first === undefined ? [] : await this.#rows(tx, conversation, first - 1, limit)) {
      const position = numberOf(key);
      fresh.push(await shownEntry(tx, this.#places, conversation, position, value));
      if (isUnread(value, position, record)) left--;
    }
    return {
      ...{ counts: unread, fresh, left, lastPosition },
      context: await linesOf(tx, this.#places, context),
      late: await this.late(tx, record),
    };
  }

  /** This entry is gone, read or not. */
  async deleted(tx: RecordWriter, entry: HistoryRecord, conversation: string, position: number): Promise<void> {
    const before = await conversationRecord(tx, this.#places, conversation);
    if (!isUnread(entry, position, before)) return;
    const unread = { ...before.unread };
    const unreadLate = { ...before.unreadLate };
    take(unread, entry.from, 1);
    if (position <= before.readThrough) take(unreadLate, entry.from, 1);
    tx.put(CONVERSATIONS, this.#places.conversation(conversation), { ...before, unread, unreadLate });
  }

  /** Where the first one behind what was read lies. */
  async #first(tx: RecordReader, record: ConversationRecord): Promise<number | undefined> {
    for (let after = record.readThrough; ; ) {
      const page = await this.#rows(tx, record.conversation, after, PAGE_ENTRIES);
      for (const { key, value } of page) {
        after = numberOf(key);
        if (isUnread(value, after, record)) return after;
      }
      if (page.length < PAGE_ENTRIES) return undefined;
    }
  }

  #rows(tx: RecordReader, conversation: string, after: number, limit: number) {
    const { to } = under(this.#places.conversation(conversation));
    return tx.range(HISTORY, { from: this.#places.history(conversation, after + 1), to, limit });
  }
}
