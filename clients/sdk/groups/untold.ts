// What a person is told of entries that this device had looked up before it was handed them: a session that begins asks which groups there are, and
// whoever is handed the first entry of a group looks up the rest; either is faster than what the mailbox has to say of it. Of what was before this
// device, nothing is ever handed to it. What is told is what is kept, and so verified, each entry once, and only of the time that one was there.
import { decodeBase64 } from '#protocol/base64.ts';
import { decodeGroupEntry, type Subject } from '#protocol/group-entry.ts';
import type { GroupRecord, GroupUpdate, KeptEntry, NewEvent } from '../profile/profile.ts';
import { type Advanced, eventOf } from './log.ts';
import { concerns } from './spans.ts';

type Untold = NonNullable<GroupRecord['untold']>;
/** Indices of entries, both included. */
export type Range = { readonly first: number; readonly last: number };

/** The record of a group that was looked up: nobody was told how it came to be so. */
export function lookedUp(record: GroupRecord): GroupRecord {
  return { ...record, untold: { from: record.start, upTo: record.state.position.index } };
}

/** Entries right behind such that nobody was told of, one's own included: they are told in the log's order, as those are. */
export function behindUntold({ untold }: GroupRecord, more: Advanced): Advanced {
  const [first, last] = [more.entries[0], more.entries.at(-1)];
  if (untold === undefined || last === undefined || first?.index !== untold.upTo + 1) return more;
  const { news = first.index } = untold;
  return { ...more, record: { ...more.record, untold: { ...untold, upTo: last.index, news } }, events: [] };
}

/** What there is to tell once the server has handed on these entries: it does so in their order, so what is news ahead of them is told before them. */
export function toTell({ from, upTo, news }: Untold, { first, last }: Range): Range {
  return { first: Math.max(from, Math.min(news ?? first, first)), last: Math.min(last, upTo) };
}

/**
 * The server has handed on these entries of the record. What is no news ahead of them never will be told. `kept`: what `toTell` says. Undefined: nothing
 * waits for them.
 */
export function handed(
  record: GroupRecord,
  kept: readonly KeptEntry[],
  { first, last }: Range,
  me: Subject,
): GroupUpdate | undefined {
  const { untold } = record;
  if (untold === undefined || last < untold.from) return undefined;
  const told = toTell(untold, { first, last });
  const rest = { from: told.last + 1, upTo: untold.upTo, news: told.last + 1 };
  return { record: withUntold(record, rest), events: eventsOf(record, kept, told, me) };
}

/** What is news was not handed on in time. `kept`: these entries. Undefined: there are none, or others meanwhile. */
export function late(record: GroupRecord, kept: readonly KeptEntry[], me: Subject): GroupUpdate | undefined {
  const { untold } = record;
  const [first, last] = [kept[0]?.index, kept.at(-1)?.index];
  if (untold === undefined || first === undefined || first !== untold.news || last !== untold.upTo) return undefined;
  const rest = { from: untold.from, upTo: first - 1 };
  return { record: withUntold(record, rest), events: eventsOf(record, kept, { first, last }, me) };
}

function withUntold({ untold: _untold, ...told }: GroupRecord, rest: Untold): GroupRecord {
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
