// What every part of a profile works with, and the writes that several of them share.
import { isOrdered } from './ordered.ts';
import { pack } from './packs.ts';
import type { DeviceId, HistoryEntry, NewEvent, RecipientState, SentMessage } from './profile.ts';
import type { RecordReader, RecordWriter, SealedRecords } from './sealed-records.ts';
import {
  CONVERSATIONS,
  COUNTERS,
  type ConversationRecord,
  counters,
  DROPPABLE,
  EVENTS,
  EXPIRY,
  HISTORY,
  type HistoryRecord,
  nextNumber,
  numberOf,
  type Places,
  SENT,
  SINGLE,
  SWEPT,
  u64Key,
  under,
} from './spaces.ts';

export type Context = {
  readonly records: SealedRecords;
  readonly places: Places;
  /** Never change during the life of a profile. */
  readonly self: { readonly address: string; readonly device: DeviceId };
};

/** Positions of consecutive messages lie this far apart, so that a late one finds its place between them, … */
export const POSITION_STEP = 2 ** 20;
/** … and the first one has room ahead of it for what was written before this device came. */
const POSITION_START = 2 ** 44;
export const MH_BYTES = 32;
/** Events other than messages that wait to be printed: who never prints gets the newest of what a peer or a server can cause without end. */
export const EVENTS_KEPT_MAX = 10_000;
const HOUR_MS = 3_600_000;

export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS);
}

/** The conversation as it is; a new one if there is none. */
export async function conversationRecord(
  records: RecordReader,
  places: Places,
  conversation: string,
): Promise<ConversationRecord> {
  const known = await records.get(CONVERSATIONS, places.conversation(conversation));
  return (
    known ?? {
      conversation,
      seq: 0,
      mh: new Uint8Array(MH_BYTES),
      lastPosition: isOrdered(conversation) ? 0 : POSITION_START,
      lastAt: 0,
      readThrough: 0,
      unread: {},
    }
  );
}

/** Appends to the journal of events, in this transaction; the oldest that are no messages go where there are too many. */
export async function appendEvents(records: RecordWriter, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  for (const event of events) {
    const key = u64Key(await nextNumber(records, 'event'));
    records.put(EVENTS, key, event);
    records.put(DROPPABLE, key, true);
  }
  const now = await counters(records);
  const excess = now.droppable + events.length - EVENTS_KEPT_MAX;
  const oldest = excess > 0 ? await records.range(DROPPABLE, { limit: excess }) : [];
  for (const { key } of oldest) {
    records.delete(EVENTS, key);
    records.delete(DROPPABLE, key);
  }
  records.put(COUNTERS, SINGLE, { ...now, droppable: now.droppable + events.length - oldest.length });
}

/** Writes a new entry at a position, its text where `search` finds it and, if it expires, where `deleteExpired` finds it. */
export async function putHistory(
  records: RecordWriter,
  places: Places,
  conversation: string,
  position: number,
  entry: HistoryRecord,
): Promise<void> {
  records.put(HISTORY, places.history(conversation, position), entry);
  const packed = await pack(records, { conversation, position, from: entry.from }, entry.content);
  if (entry.expiry === 0) return;
  // An hour that was swept is not looked at again.
  const swept = (await records.get(SWEPT, SINGLE))?.hour ?? 0;
  const hour = Math.max(hourOf(entry.expiry), swept);
  const { expiry } = entry;
  records.put(EXPIRY, places.expiry(hour, conversation, position), {
    ...{ conversation, position, expiry },
    ...(packed === undefined ? {} : { packed }),
  });
}

/** An entry as it is shown: own ones with what became of them. */
export async function shownEntry(
  tx: RecordReader,
  places: Places,
  conversation: string,
  position: number,
  record: HistoryRecord,
): Promise<HistoryEntry> {
  const { read: _read, unread: _unread, readTag: _readTag, ...line } = record;
  const sent = line.own ? await tx.get(SENT, places.id(line.device, line.id)) : undefined;
  return { conversation, position, ...line, ...(sent === undefined ? {} : { sent }) };
}

/** Which lines: positions above and below these, from the end if `reverse`. */
type Lines = {
  readonly conversation: string;
  readonly above?: number;
  readonly below?: number | undefined;
  readonly limit: number;
  readonly reverse?: boolean;
};

/** Lines of a conversation as they are shown, oldest first. */
export async function linesOf(
  tx: RecordReader,
  places: Places,
  { conversation, above = 0, below, limit, reverse = false }: Lines,
): Promise<HistoryEntry[]> {
  const all = under(places.conversation(conversation));
  const from = places.history(conversation, above + 1);
  const to = below === undefined ? all.to : places.history(conversation, below);
  const rows = await tx.range(HISTORY, { from, to, limit, reverse });
  const entries: HistoryEntry[] = [];
  for (const { key, value } of rows) entries.push(await shownEntry(tx, places, conversation, numberOf(key), value));
  return reverse ? entries.reverse() : entries;
}

const RANK: Record<RecipientState, number> = { pending: 0, accepted: 1, refused: 2, expired: 3, delivered: 4, read: 5 };

/** The message with this recipient risen to `state`; undefined if there is no such recipient or that is no rise. */
export function risen(
  sent: SentMessage,
  by: string,
  to: { readonly state: RecipientState; readonly device?: DeviceId; readonly at?: number },
): SentMessage | undefined {
  const now = Object.hasOwn(sent.recipients, by) ? sent.recipients[by] : undefined;
  if (now === undefined || RANK[to.state] <= RANK[now.state]) return undefined;
  return { ...sent, recipients: { ...sent.recipients, [by]: to } };
}
