// Conversations as a person sees them: pages, unread counts, and the deletion of what has expired.
import { type Context, conversationRecord, hourOf } from './context.ts';
import type { Conversation, HistoryEntry, HistoryPart } from './profile.ts';
import type { RecordReader, RecordWriter } from './sealed-records.ts';
import {
  CONVERSATIONS,
  type ConversationRecord,
  EXPIRY,
  HISTORY,
  type HistoryRecord,
  numberOf,
  type Places,
  SEALED,
  SENT,
  SINGLE,
  SWEPT,
  u64Key,
  under,
} from './spaces.ts';
import type { Range } from './storage.ts';

/** Hours that one transaction sweeps at most: after a year away nobody else waits for all of it. */
const SWEEP_HOURS_MAX = 500;

/** An entry as it is shown: own ones with what became of them. */
export async function shownEntry(
  tx: RecordReader,
  places: Places,
  conversation: string,
  position: number,
  record: HistoryRecord,
): Promise<HistoryEntry> {
  const sent = record.own ? await tx.get(SENT, places.id(record.device, record.id)) : undefined;
  return { conversation, position, ...record, ...(sent === undefined ? {} : { sent }) };
}

export function historyPart({ records, places }: Context): HistoryPart {
  async function page(
    tx: RecordReader,
    conversation: string,
    above: number,
    below: number | undefined,
    limit: number,
    reverse: boolean,
  ) {
    const all = under(places.conversation(conversation));
    const from = places.history(conversation, above + 1);
    const to = below === undefined ? all.to : places.history(conversation, below);
    const rows = await tx.range(HISTORY, { from, to, limit, reverse });
    const entries: HistoryEntry[] = [];
    for (const { key, value } of rows) entries.push(await shownEntry(tx, places, conversation, numberOf(key), value));
    return reverse ? entries.reverse() : entries;
  }

  /** Deletes one expired entry with all that can be read of it; dedupe stays. */
  async function deleteEntry(tx: RecordWriter, conversation: string, position: number): Promise<boolean> {
    const key = places.history(conversation, position);
    const entry = await tx.get(HISTORY, key);
    if (entry === undefined) return false;
    tx.delete(HISTORY, key);
    const idKey = places.id(entry.device, entry.id);
    const sent = entry.own ? await tx.get(SENT, idKey) : undefined;
    // What still waits in the outbox keeps what it needs to be sent; the server's retention ends it.
    if (sent !== undefined && sent.outcome !== 'pending') {
      tx.delete(SENT, idKey);
      if (sent.number !== undefined) tx.delete(SEALED, u64Key(sent.number));
    }
    const before = await conversationRecord(tx, places, conversation);
    const count = Object.hasOwn(before.unread, entry.from) ? (before.unread[entry.from] ?? 0) : 0;
    if (!entry.own && position > before.readThrough && count > 0) {
      const { [entry.from]: _, ...others } = before.unread;
      const unread = count > 1 ? { ...others, [entry.from]: count - 1 } : others;
      tx.put(CONVERSATIONS, places.conversation(conversation), { ...before, unread });
    }
    return true;
  }

  async function deleteIn(tx: RecordWriter, range: Range, now: number): Promise<number> {
    let deleted = 0;
    for (const { key, value } of await tx.range(EXPIRY, range)) {
      if (value.expiry > now) continue;
      tx.delete(EXPIRY, key);
      if (await deleteEntry(tx, value.conversation, value.position)) deleted++;
    }
    return deleted;
  }

  /** One transaction's worth of hours. The hour swept last is looked at again: it was not over, or the clock was ahead then. */
  async function sweep(tx: RecordWriter, now: number): Promise<{ deleted: number; done: boolean }> {
    const swept = (await tx.get(SWEPT, SINGLE))?.hour;
    const last = hourOf(now);
    if (swept === undefined) {
      tx.put(SWEPT, SINGLE, { hour: last });
      return { deleted: await deleteIn(tx, {}, now), done: true };
    }
    const end = Math.min(last, swept + SWEEP_HOURS_MAX);
    let deleted = await deleteIn(tx, under(places.hour(swept)), now);
    for (let hour = swept + 1; hour <= end; hour++) deleted += await deleteIn(tx, under(places.hour(hour)), now);
    if (end > swept) tx.put(SWEPT, SINGLE, { hour: end });
    return { deleted, done: end >= last };
  }

  return {
    before: (conversation, limit, before) => records.read((tx) => page(tx, conversation, 0, before, limit, true)),
    after: (conversation, limit, after) => records.read((tx) => page(tx, conversation, after, undefined, limit, false)),

    conversations: () =>
      records.read(async (tx) => {
        const all = (await tx.range(CONVERSATIONS, {})).map(({ value }) => shown(value));
        return all.sort((a, b) => b.lastAt - a.lastAt || (a.conversation < b.conversation ? -1 : 1));
      }),

    conversation: (name) =>
      records.read(async (tx) => {
        const record = await tx.get(CONVERSATIONS, places.conversation(name));
        return record && shown(record);
      }),

    markRead: (conversation, position) =>
      records.write(async (tx) => {
        const key = places.conversation(conversation);
        const before = await tx.get(CONVERSATIONS, key);
        if (before === undefined) return;
        const readThrough = Math.max(position, before.readThrough);
        const unread: Record<string, number> = {};
        if (readThrough < before.lastPosition) {
          for (const { own, from } of await page(
            tx,
            conversation,
            readThrough,
            undefined,
            Number.MAX_SAFE_INTEGER,
            false,
          )) {
            if (!own) unread[from] = (Object.hasOwn(unread, from) ? (unread[from] ?? 0) : 0) + 1;
          }
        }
        tx.put(CONVERSATIONS, key, { ...before, readThrough, unread });
      }),

    async deleteExpired(now) {
      let deleted = 0;
      for (;;) {
        const swept = await records.write((tx) => sweep(tx, now));
        deleted += swept.deleted;
        if (swept.done) return deleted;
      }
    },
  };
}

function shown({ conversation, lastPosition, lastAt, unread }: ConversationRecord): Conversation {
  return { conversation, lastPosition, lastAt, unread };
}
