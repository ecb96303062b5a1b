// What a person is told of entries that this device had looked up before it was handed them: a session that begins asks which groups there are, and
// whoever is handed the first entry of a group looks up the rest; either is faster than what the mailbox has to say of it. Of what was before this
// device, nothing is ever handed to it. What is told is what is kept, and so verified, each entry once, and only of the time that one was there.
import { decodeBase64 } from '#protocol/base64.ts';
import { decodeGroupEntry, type Subject } from '#protocol/group-entry.ts';
import type { GroupRecord, GroupUpdate, KeptEntry, NewEvent } from '../profile/profile.ts';
import { type Advanced, eventOf } from './log.ts';
import { concerns } from './spans.ts';

/** Indices of entries, both included. */
export type Range = { readonly first: number; readonly last: number };

/** The record of a group that was looked up: nobody was told how it came to be so. */
export function lookedUp(record: GroupRecord): GroupRecord {
  return { ...record, untold: { from: record.start, upTo: record.state.position.index } };
}

/** Entries right behind such that nobody was told of: they are told in the log's order, when all of them are handed to the device. */
export function behindUntold({ untold }: GroupRecord, more: Advanced): Advanced {
  const [first, last] = [more.entries[0], more.entries.at(-1)];
  if (untold === undefined || last === undefined || first?.index !== untold.upTo + 1) return more;
  const { news = first.index } = untold;
  return { ...more, record: { ...more.record, untold: { ...untold, upTo: last.index, news } }, events: [] };
}

/**
 * The server has handed on these entries of the record. It does so in their order: what is news ahead of them is told before them, and what is not
 * never will be. `kept`: what is kept from the first entry that is news up to the last of these. Undefined: all of them were told.
 */
export function handed(
  record: GroupRecord,
  kept: readonly KeptEntry[],
  { first, last }: Range,
  me: Subject,
): GroupUpdate | undefined {
  const { untold } = record;
  if (untold === undefined || last < untold.from) return undefined;
  const { from, upTo, news = first } = untold;
  const told = { first: Math.max(from, Math.min(news, first)), last: Math.min(last, upTo) };
  const rest = { from: told.last + 1, upTo, news: told.last + 1 };
  return { record: withUntold(record, rest), events: eventsOf(record, kept, told, me) };
}

/** What is news was not handed on in time. `kept`: these entries, as far as they were known then. Undefined: there is none, or it was told meanwhile. */
export function late(record: GroupRecord, kept: readonly KeptEntry[], me: Subject): GroupUpdate | undefined {
  const { untold } = record;
  const [first, end] = [kept[0], kept.at(-1)];
  if (untold?.news === undefined || first?.index !== untold.news || end === undefined) return undefined;
  const { from, upTo, news } = untold;
  const told = { first: news, last: Math.min(end.index, upTo) };
  const rest = told.last < upTo ? { from: told.last + 1, upTo, news: told.last + 1 } : { from, upTo: news - 1 };
  return { record: withUntold(record, rest), events: eventsOf(record, kept, told, me) };
}

function withUntold({ untold: _untold, ...told }: GroupRecord, rest: NonNullable<GroupRecord['untold']>): GroupRecord {
  return rest.from > rest.upTo ? told : { ...told, untold: rest };
}

function eventsOf(
  { conversation, spans }: GroupRecord,
  kept: readonly KeptEntry[],
  { first, last }: Range,
  me: Subject,
): NewEvent[] {
  return kept
    .filter(({ index }) => index >= first && index <= last && concerns(index, spans, me))
    .flatMap(({ signed }) => eventOf(conversation, decodeGroupEntry(decodeBase64(signed.entry))) ?? []);
}
