// Packs: the folded texts of all lines, some hundred together, kept beside the history for searching. Measured with texts of 112 bytes on a
// busy machine, CPU time for each 20,000 of them: to read all lines one by one 545 ms, most of it a row and a decryption each; to search in packs for
// what is nowhere 19 ms. An index of words would be less to read, but finds neither parts of words nor what is written without spaces, and says to whoever has
// the file how often each word was written.
//
// A text is packed in the transaction that writes its line, and taken out in the one that deletes it: whatever dies, packs and history agree, and a
// deleted text is gone from both.
import { concat, decodeText, encodeText } from '#protocol/bytes.ts';
import { type Content, readContent } from '../content/content.ts';
import { folded, SEPARATOR } from './folded.ts';
import type { RecordWriter } from './sealed-records.ts';
import { COUNTERS, counters, PACKS, type PackedAt, type PackRecord, SINGLE, TAIL, u64Key } from './spaces.ts';

/** A pack that has so many bytes takes no more. The same search with packs of half the size: 28 ms, of twice the size: 15 ms, and each is dearer to write. */
const PACK_FULL_BYTES = 32_768;
/**
 * The tail comes to the end of its pack once it has so many bytes. A message that is committed alone takes 1.05 ms of CPU time and 55 KB written without
 * its text being packed, 1.3 ms and 69 KB with it; 1.65 ms and 100 KB if each came to the end of its pack at once. (4 KiB: no less.)
 */
const TAIL_FULL_BYTES = 2_048;

/** The line that a text is of. */
export type PackedLine = { readonly conversation: string; readonly position: number; readonly from: string };

/** As in the bytes, where each is followed by a comma; null: it was deleted. */
type LineText = readonly [conversation: string, position: number, from: string] | null;

const EMPTY: PackRecord = { lines: new Uint8Array(0), texts: new Uint8Array(0) };

/** Puts the text of a line, if its content has one, behind all others. Returns where it is. */
export async function pack(
  records: RecordWriter,
  line: PackedLine,
  content: Uint8Array,
): Promise<PackedAt | undefined> {
  const searched = searchedText(readContent(content));
  if (searched === undefined) return undefined;
  const now = await counters(records);
  const text = now.text + 1;
  const current = now.pack === 0 ? text : now.pack;
  const before = await records.get(TAIL, SINGLE);
  const entry: LineText = [line.conversation, line.position, line.from];
  const tail = joined(before ?? EMPTY, {
    lines: encodeText(`${JSON.stringify(entry)},`),
    texts: encodeText(folded(searched) + SEPARATOR),
  });
  if (sizeOf(tail) < TAIL_FULL_BYTES) {
    records.put(TAIL, SINGLE, { first: before?.first ?? text, ...tail });
    records.put(COUNTERS, SINGLE, { ...now, text, pack: current });
  } else {
    const isFull = await bringIn(records, current, tail);
    records.put(COUNTERS, SINGLE, { ...now, text, pack: isFull ? 0 : current });
  }
  return { pack: current, text };
}

/** What a line is found by: the text, or a file's name. Undefined: by nothing. */
function searchedText(content: Content): string | undefined {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'file':
      return content.file.name;
    case 'empty':
    case 'receipt':
    case 'name':
    case 'unknown':
      return undefined;
  }
}

/** Puts the tail to the end of its pack. Resolves with whether the pack is full. */
async function bringIn(records: RecordWriter, pack: number, tail: PackRecord): Promise<boolean> {
  const key = u64Key(pack);
  const whole = joined((await records.get(PACKS, key)) ?? EMPTY, tail);
  const isFull = sizeOf(whole) >= PACK_FULL_BYTES;
  if (isFull && isDeleted(whole)) records.delete(PACKS, key);
  else records.put(PACKS, key, whole);
  records.delete(TAIL, SINGLE);
  return isFull;
}

/** Takes texts out; the others keep their numbers. Those of one pack together: to write it takes a third of a millisecond. */
export async function unpack(records: RecordWriter, packed: readonly PackedAt[]): Promise<void> {
  const tail = await records.get(TAIL, SINGLE);
  const tailFrom = tail?.first ?? Number.POSITIVE_INFINITY;
  const inTail = packed.filter(({ text }) => text >= tailFrom).map(({ text }) => text);
  if (tail !== undefined && inTail.length > 0) {
    records.put(TAIL, SINGLE, { first: tail.first, ...without(tail, tail.first, inTail) });
  }
  const inPacks = Map.groupBy(
    packed.filter(({ text }) => text < tailFrom),
    ({ pack }) => pack,
  );
  const { pack: current } = await counters(records);
  for (const [pack, places] of inPacks) {
    const key = u64Key(pack);
    const record = await records.get(PACKS, key);
    if (record === undefined) continue;
    const texts = places.map(({ text }) => text);
    const left = without(record, pack, texts);
    // The current one stays: what comes to its end counts on the number of those before it.
    if (isDeleted(left) && current !== pack) records.delete(PACKS, key);
    else records.put(PACKS, key, left);
  }
}

/** The lines of a pack whose texts have `sought` (folded) in them, by number, latest first. `first`: the number of the first one. */
export function matching(record: PackRecord, first: number, sought: string): (PackedLine & { number: number })[] {
  const all = decodeText(record.texts);
  // Most packs have it nowhere.
  if (!all.includes(sought)) return [];
  const texts = all.split(SEPARATOR);
  const found: (PackedLine & { number: number })[] = [];
  for (const [at, line] of linesOf(record).entries()) {
    if (line === null || !texts[at]?.includes(sought)) continue;
    const [conversation, position, from] = line;
    found.push({ conversation, position, from, number: first + at });
  }
  return found.reverse();
}

/** `first`: the number of the first text; `gone`: the numbers of those that are taken out. */
function without(record: PackRecord, first: number, gone: readonly number[]): PackRecord {
  const lines = linesOf(record);
  const texts = decodeText(record.texts).split(SEPARATOR);
  for (const number of gone) {
    lines[number - first] = null;
    texts[number - first] = '';
  }
  return {
    lines: encodeText(lines.map((line) => `${JSON.stringify(line)},`).join('')),
    texts: encodeText(texts.join(SEPARATOR)),
  };
}

function isDeleted(record: PackRecord): boolean {
  return linesOf(record).every((line) => line === null);
}

function linesOf({ lines }: PackRecord): LineText[] {
  // As `pack` wrote them; the encryption vouches that nobody else did.
  return JSON.parse(`[${decodeText(lines.subarray(0, -1))}]`) as LineText[];
}

function joined(a: PackRecord, b: PackRecord): PackRecord {
  return { lines: concat(a.lines, b.lines), texts: concat(a.texts, b.texts) };
}

function sizeOf({ lines, texts }: PackRecord): number {
  return lines.length + texts.length;
}
