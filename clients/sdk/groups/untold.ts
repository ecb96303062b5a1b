// What a person is told of entries that this device had looked up before it was handed them: a session that begins asks which groups there are, and
// whoever is handed the first entry of a group looks up the rest; either is faster than what the mailbox has to say of it. Of what was before this
// device, nothing is ever handed to it.
import { decodeBase64 } from '#protocol/base64.ts';
import { decodeGroupEntry, type GroupEntry, type Subject } from '#protocol/group-entry.ts';
import type { GroupRecord, GroupUpdate, KeptEntry } from '../profile/profile.ts';
import { type Advanced, eventOf } from './log.ts';
import { isSame } from './spans.ts';

/** The record of a group that was looked up: nobody was told how it came to be so. */
export function lookedUp(record: GroupRecord): GroupRecord {
  return { ...record, untold: { from: record.start, upTo: record.state.position.index } };
}

/** The server hands these entries to the device, which has them already. Undefined: all of them were told. */
export function handed(record: GroupRecord, entries: readonly GroupEntry[], me: Subject): GroupUpdate | undefined {
  const { untold, ...told } = record;
  if (untold === undefined) return undefined;
  const { from, upTo } = untold;
  const news = entries.filter(({ index }) => index >= from && index <= upTo);
  const last = news.at(-1);
  if (last === undefined) return undefined;
  // What stands ahead of the entry by which one comes in is no news, though it may come in one append with it.
  const came = news.findLastIndex(({ change }) => change.type === 'add' && isSame(change.subject, me));
  const events = news.slice(Math.max(0, came)).flatMap((entry) => eventOf(record.conversation, entry) ?? []);
  const next = last.index + 1;
  return { record: next > upTo ? told : { ...told, untold: { from: next, upTo, news: next } }, events };
}

/** Entries that were looked up behind such that nobody was told of: they are told in the log's order, when all of them are handed to the device. */
export function lookedUpBehind({ untold }: GroupRecord, more: Advanced): Advanced {
  const [first, last] = [more.entries[0], more.entries.at(-1)];
  if (untold === undefined || last === undefined || first?.index !== untold.upTo + 1) return more;
  const { news = first.index } = untold;
  return { ...more, record: { ...more.record, untold: { ...untold, upTo: last.index, news } }, events: [] };
}

/** What is news and was not handed to the device in time. `kept`: these entries. Undefined: there is nothing to tell, or it has changed meanwhile. */
export function late(record: GroupRecord, kept: readonly KeptEntry[]): GroupUpdate | undefined {
  const { untold, ...told } = record;
  const [first, last] = [kept[0], kept.at(-1)];
  if (untold?.news === undefined || first?.index !== untold.news || last?.index !== untold.upTo) return undefined;
  const { from, news } = untold;
  const events = kept.flatMap(
    ({ signed }) => eventOf(record.conversation, decodeGroupEntry(decodeBase64(signed.entry))) ?? [],
  );
  return { record: from === news ? told : { ...told, untold: { from, upTo: news - 1 } }, events };
}
