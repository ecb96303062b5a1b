// Conversations as a person sees them: pages, unread counts, and the deletion of what has expired.
import { RETENTION_DEFAULT_MS } from '#protocol/limits.ts';
import { type Context, conversationRecord, hourOf, linesOf } from './context.ts';
import { standsAt } from './ordered.ts';
import { unpack } from './packs.ts';
import type { Conversation, DeviceId, HistoryPart, MessageId } from './profile.ts';
import { markRead, readElsewhere } from './reading.ts';
import type { RecordWriter } from './sealed-records.ts';
import { found } from './search.ts';
import {
  CONVERSATIONS,
  type ConversationRecord,
  EXPIRY,
  HISTORY,
  type HistoryRecord,
  type PackedAt,
  SEALED,
  SENT,
  SINGLE,
  SWEPT,
  u64Key,
  under,
} from './spaces.ts';
import type { Range } from './storage.ts';
import { UnreadLines } from './unread.ts';

/** After an own message expired: notices of what became of it, which a server keeps so long, still come. */
const SENT_KEPT_MS = RETENTION_DEFAULT_MS;
/** Hours that one transaction sweeps at most: after a year away nobody else waits for all of it. */
const SWEEP_HOURS_MAX = 500;

export function historyPart(context: Context): HistoryPart {
  const { records, places } = context;
  const unread = new UnreadLines(places);

  /** Deletes one expired entry with all that can be read of it; dedupe stays, and of own ones what notices need. */
  async function deleteEntry(tx: RecordWriter, conversation: string, written: number, now: number): Promise<boolean> {
    const position = await standsAt(tx, context, conversation, written);
    const key = places.history(conversation, position);
    const entry = await tx.get(HISTORY, key);
    if (entry === undefined) return false;
    tx.delete(HISTORY, key);
    if (entry.own) {
      const { device, id } = entry;
      await deleteSealed(tx, device, id);
      const expiry = now + SENT_KEPT_MS;
      const key = places.expiry(hourOf(expiry), conversation, position);
      tx.put(EXPIRY, key, { conversation, position, expiry, sent: { device, id } });
    }
    await unread.deleted(tx, entry, conversation, position);
    return true;
  }

  /** What still waits in the outbox keeps what it needs to be sent; the server's retention ends it. */
  async function deleteSealed(tx: RecordWriter, device: DeviceId, id: MessageId): Promise<boolean> {
    const sent = await tx.get(SENT, places.id(device, id));
    if (sent?.outcome === 'pending') return false;
    if (sent?.number !== undefined) tx.delete(SEALED, u64Key(sent.number));
    return true;
  }

  async function deleteIn(tx: RecordWriter, range: Range, now: number): Promise<number> {
    let deleted = 0;
    const packed: PackedAt[] = [];
    for (const { key, value } of await tx.range(EXPIRY, range)) {
      if (value.expiry > now) continue;
      tx.delete(EXPIRY, key);
      if (value.sent !== undefined) {
        const { device, id } = value.sent;
        if (await deleteSealed(tx, device, id)) tx.delete(SENT, places.id(device, id));
        continue;
      }
      if (value.packed !== undefined) packed.push(value.packed);
      if (await deleteEntry(tx, value.conversation, value.position, now)) deleted++;
    }
    if (packed.length > 0) await unpack(tx, packed);
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
    before: (conversation, limit, before) =>
      records.read((tx) => linesOf(tx, places, { conversation, below: before, limit, reverse: true })),
    after: (conversation, limit, after) =>
      records.read((tx) => linesOf(tx, places, { conversation, above: after, limit })),

    conversations: () =>
      records.read(async (tx) => {
        const all = (await tx.range(CONVERSATIONS, {})).flatMap(({ value }) => (hasLines(value) ? [shown(value)] : []));
        return all.sort((a, b) => b.lastAt - a.lastAt || (a.conversation < b.conversation ? -1 : 1));
      }),

    conversation: (name) =>
      records.read(async (tx) => {
        const record = await tx.get(CONVERSATIONS, places.conversation(name));
        return record && hasLines(record) ? shown(record) : undefined;
      }),

    late: (conversation) =>
      records.read(async (tx) => {
        return unread.late(tx, await conversationRecord(tx, places, conversation));
      }),

    unread: (conversation, contextLimit, limit) =>
      records.read(async (tx) =>
        unread.of(tx, await conversationRecord(tx, places, conversation), contextLimit, limit),
      ),

    search: (search, now) => found(context, search, now),

    markRead: (conversation, shown) => records.write((tx) => markRead(context, tx, conversation, shown)),

    read: (conversation, shown, now) =>
      records.write(async (tx) => {
        const read: HistoryRecord[] = [];
        await markRead(context, tx, conversation, shown, (entry) => read.push(entry));
        return read.flatMap(({ from, device, seq, readTag: tag, expiry }) =>
          tag === undefined || (expiry !== 0 && expiry <= now) ? [] : [{ from, device, seq, tag }],
        );
      }),

    readElsewhere: (conversation, read) => records.write((tx) => readElsewhere(context, tx, conversation, read)),

    async deleteExpired(now) {
      let deleted = 0;
      for (;;) {
        const swept = await records.write((tx) => sweep(tx, now));
        deleted += swept.deleted;
        if (!swept.done) continue;
        if (deleted > 0) await records.scrub();
        return deleted;
      }
    },
  };
}

/** Not where only hidden messages were sent. */
function hasLines({ lastAt }: ConversationRecord): boolean {
  return lastAt > 0;
}

function shown({ conversation, lastPosition, lastAt, unread }: ConversationRecord): Conversation {
  return { conversation, lastPosition, lastAt, unread };
}
