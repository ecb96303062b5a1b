// A profile of schema version 1 becomes one of this version: its texts are packed (packs.ts). Once, when it is opened, in one transaction: whoever
// dies in it leaves version 1. 12 s for 100,000 messages, during which other processes wait; `told` says how far it is.
import { current, isCurrent } from './key.ts';
import { pack } from './packs.ts';
import { damaged } from './problems.ts';
import type { RecordReader, RecordWriter, SealedRecords } from './sealed-records.ts';
import {
  CONVERSATIONS,
  EXPIRY,
  HEADER_SPACE,
  HISTORY,
  type HistoryRecord,
  numberOf,
  Places,
  SINGLE,
  under,
} from './spaces.ts';

/** Lines of a conversation that are read at a time. */
const PAGE_LINES = 256;

type Line = { readonly conversation: string; readonly position: number; readonly record: HistoryRecord };

/** Told how many of all lines are done: of none at first, of all at last. Must not throw. */
export type Upgrading = (done: number, of: number) => void;

/** Resolves when the profile is of this version; another process may have seen to it meanwhile: then nothing is told. */
export async function upgrade(records: SealedRecords, told: Upgrading = () => {}): Promise<void> {
  const places = new Places(records);
  await records.write(async (tx, storage) => {
    const header = await storage.get(HEADER_SPACE, SINGLE);
    if (header === undefined) throw damaged('its header is gone');
    if (isCurrent(header)) return;
    await packAll(tx, places, told);
    await storage.put(HEADER_SPACE, SINGLE, current(header));
  });
}

async function packAll(tx: RecordWriter, places: Places, told: Upgrading): Promise<void> {
  const all = await tx.count(HISTORY);
  let done = 0;
  told(done, all);
  const expiring = new Map<string, Uint8Array>();
  const nameOf = (conversation: string, position: number) => `${position} ${conversation}`;
  for (const { key, value } of await tx.range(EXPIRY, {})) {
    if (value.sent === undefined) expiring.set(nameOf(value.conversation, value.position), key);
  }
  for await (const { conversation, position, record } of linesInOrder(tx, places)) {
    const packed = await pack(tx, { conversation, position, from: record.from }, record.content);
    const key = expiring.get(nameOf(conversation, position));
    const expiry = packed && key && (await tx.get(EXPIRY, key));
    if (expiry !== undefined && packed !== undefined && key !== undefined) tx.put(EXPIRY, key, { ...expiry, packed });
    told(++done, all);
  }
}

/** All lines as they may have come: in the order of each conversation, and by the time when they came to the server among conversations. */
async function* linesInOrder(tx: RecordReader, places: Places): AsyncGenerator<Line> {
  const sources: { readonly rest: AsyncGenerator<Line>; next: Line }[] = [];
  for (const { value } of await tx.range(CONVERSATIONS, {})) {
    const rest = linesOf(tx, places, value.conversation);
    const { value: next } = await rest.next();
    if (next !== undefined) sources.push({ rest, next });
  }
  for (;;) {
    const [first, ...others] = sources;
    if (first === undefined) return;
    const earliest = others.reduce((a, b) => (b.next.record.receivedAt < a.next.record.receivedAt ? b : a), first);
    yield earliest.next;
    const { value: next } = await earliest.rest.next();
    if (next !== undefined) earliest.next = next;
    else sources.splice(sources.indexOf(earliest), 1);
  }
}

async function* linesOf(tx: RecordReader, places: Places, conversation: string): AsyncGenerator<Line, undefined> {
  const { to } = under(places.conversation(conversation));
  for (let position = 0; ; ) {
    const from = places.history(conversation, position + 1);
    const page = await tx.range(HISTORY, { from, to, limit: PAGE_LINES });
    for (const { key, value: record } of page) {
      position = numberOf(key);
      yield { conversation, position, record };
    }
    if (page.length < PAGE_LINES) return undefined;
  }
}
