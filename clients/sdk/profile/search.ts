// Looking for texts: through the packs, the latest first, until there are as many lines as are wanted.
import { type Context, shownEntry } from './context.ts';
import { folded } from './folded.ts';
import { standsAt } from './ordered.ts';
import { matching } from './packs.ts';
import type { Found, Search } from './profile.ts';
import type { RecordReader } from './sealed-records.ts';
import { HISTORY, numberOf, PACKS, type PackRecord, SINGLE, TAIL, u64Key } from './spaces.ts';

/** Packs that one transaction looks through: other processes wait so long at most. */
const PAGE_PACKS = 32;

/** See `HistoryPart.search`. */
export async function found(context: Context, search: Search, now: number): Promise<Found[]> {
  const { records, places } = context;
  const { text, conversation, from, limit, before } = search;
  const sought = folded(text);
  const entries: Found[] = [];
  if (sought === '' || limit <= 0) return entries;

  /** Adds what matches, until there is enough: then true. */
  async function take(tx: RecordReader, pack: PackRecord, first: number): Promise<boolean> {
    for (const line of matching(pack, first, sought)) {
      if (before !== undefined && line.number >= before) continue;
      if (conversation !== undefined && line.conversation !== conversation) continue;
      if (from !== undefined && line.from !== from) continue;
      const position = await standsAt(tx, context, line.conversation, line.position);
      const record = await tx.get(HISTORY, places.history(line.conversation, position));
      if (record === undefined || (record.expiry !== 0 && record.expiry <= now)) continue;
      const entry = await shownEntry(tx, places, line.conversation, position, record);
      entries.push({ ...entry, number: line.number });
      if (entries.length >= limit) return true;
    }
    return false;
  }

  /** Looks through the tail, at first, and a page of packs below this number. Resolves with that of the next page; undefined: enough, or all. */
  function page(below: number | undefined): Promise<number | undefined> {
    return records.read(async (tx) => {
      const tail = below === before ? await tx.get(TAIL, SINGLE) : undefined;
      if (tail !== undefined && (await take(tx, tail, tail.first))) return undefined;
      const range = below === undefined ? {} : { to: u64Key(below) };
      const packs = await tx.range(PACKS, { ...range, reverse: true, limit: PAGE_PACKS });
      for (const { key, value } of packs) if (await take(tx, value, numberOf(key))) return undefined;
      const last = packs.at(-1);
      return packs.length < PAGE_PACKS || last === undefined ? undefined : numberOf(last.key);
    });
  }

  for (let below = await page(before); below !== undefined; ) below = await page(below);
  return entries;
}
