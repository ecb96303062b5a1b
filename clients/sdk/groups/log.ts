// What entries of a group's log mean for what is known of the group: pure decisions, so that each trick of a server is one case (DESIGN section 6).
// Fetching them, and the account logs that they need, is logs.ts.
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { equalBytes } from '#protocol/bytes.ts';
import type { Position } from '#protocol/envelope.ts';
import { CryptoError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import {
  decodeGroupEntry,
  decodeSignedGroupEntry,
  encodeSignedGroupEntry,
  type GroupEntry,
  groupHead,
  type SignedGroupEntry,
  type Subject,
} from '#protocol/group-entry.ts';
import { type AccountOf, replayGroupLog, startGroupLog, verifyGroupLog } from '#protocol/group-log.ts';
import { decodeMembership, type GroupState, memberOf } from '#protocol/group-state.ts';
import type { GroupRecord, KeptEntry, NewEvent } from '../profile/profile.ts';
import { concerns, endedAfter, isSame, spansAfter } from './spans.ts';

/** A record with what has to be written together with it. */
export type Advanced = {
  readonly record: GroupRecord;
  readonly entries: readonly KeptEntry[];
  readonly events: readonly NewEvent[];
};

/** What is known of a group that was not known before: it may be written with other events than those of its entries. */
export type Begun = Omit<Advanced, 'events'>;

type Decoded = { readonly text: SignedGroupEntryText; readonly bytes: Uint8Array; readonly entry: GroupEntry };

/** What a server hands a newcomer (`group.state`), as bytes. */
export type Start = {
  readonly create: SignedGroupEntry;
  readonly signed: SignedGroupEntry;
  readonly membership: Uint8Array;
};

/** The last entry that the server's log is known to have: one that does not count yet, where there is any. */
export function lastEntry(record: GroupRecord): Position {
  const last = record.suspended?.at(-1);
  if (last === undefined) return record.state.position;
  return {
    index: record.state.position.index + (record.suspended?.length ?? 0),
    head: groupHead(decodeBase64(last.entry)),
  };
}

/** What an entry that comes next has to stand on: what counts, and what counts once there is that entry. */
export function stateToSignOn({ state, suspended = [] }: GroupRecord): GroupState {
  if (suspended.length === 0) return state;
  return replayGroupLog(
    suspended.map(({ entry }) => decodeBase64(entry)),
    state,
  );
}

/**
 * The record after entries that follow `lastEntry`, oldest first. Throws CryptoError where one of them may not be there, AccountBehind where an
 * account log has to be fetched first.
 */
export function advance(
  record: GroupRecord,
  tail: readonly SignedGroupEntryText[],
  accountOf: AccountOf,
  me: Subject,
): Advanced {
  const all = [...(record.suspended ?? []), ...tail];
  const { state = record.state, suspended } = verifyGroupLog(all.map(decodeSignedGroupEntry), accountOf, record.state);
  return follow(record, state, all, suspended, me);
}

/** A record of a whole log, from its first entry on. Throws as `advance`. */
export function beginWithAll(entries: readonly SignedGroupEntryText[], accountOf: AccountOf, me: Subject): Advanced {
  const { state, suspended } = verifyGroupLog(entries.map(decodeSignedGroupEntry), accountOf);
  if (state === undefined) throw new CryptoError('member', 'No entry of the group is by a device in use.');
  return follow({ ...named(state), start: 0, state, spans: [] }, state, entries, suspended, me);
}

/**
 * A record that begins behind an entry that states the state. `added`: that entry has to be the one by which this person came in. Throws as
 * `startGroupLog`, and CryptoError where its author could not have written it.
 */
export function beginAt(start: Start, accountOf: AccountOf, added?: Subject): Begun {
  const state = startGroupLog(start.create, start.signed, start.membership, accountOf);
  const { actor, change } = decodeGroupEntry(start.signed.entry);
  const refused = (why: string) =>
    new CryptoError('member', `Entry ${state.position.index} of the group is refused: ${why}`);
  if (change.type === 'add') {
    if (memberOf(state, actor)?.role !== 'admin') throw refused('its author was no admin.');
    if (memberOf(state, change.subject) === undefined) throw refused('whom it adds is not in what it states.');
  }
  if (added !== undefined && !(change.type === 'add' && isSame(change.subject, added))) {
    throw refused('it adds somebody else.');
  }
  const from = state.position.index;
  const spans = [...state.members.values()].map(({ address, identity }) => ({ address, identity, from }));
  const kept = {
    index: from,
    signed: encodeSignedGroupEntry(start.signed),
    head: state.position.head,
    membership: start.membership,
  };
  return { record: { ...named(state), start: from, state, spans }, entries: [kept] };
}

/** The same under another conversation: it is chosen when it is written. */
export function inConversation({ record, entries, events }: Advanced, conversation: string): Advanced {
  return {
    record: { ...record, conversation },
    entries,
    events: events.map((event) => ('conversation' in event ? { ...event, conversation } : event)),
  };
}

/** What the person is told of an entry; undefined for what changes nothing. */
export function eventOf(conversation: string, { actor, change, time }: GroupEntry): NewEvent | undefined {
  if (change.type === 'anchor') return undefined;
  return {
    ...{ type: 'membership', conversation, change: change.type, by: actor.address },
    ...('subject' in change ? { subject: change.subject.address } : {}),
    ...('role' in change ? { role: change.role } : {}),
    ...('policy' in change ? { policy: change.policy } : {}),
    at: time,
  };
}

/**
 * Whether somebody was a member under this identity at an epoch, as far as this device knows the log. `kept`: the entry of that index, where one is
 * kept; another head at the same index is another history, in which nobody is a member.
 */
export function wasMember(record: GroupRecord, kept: KeptEntry | undefined, epoch: Position, person: Subject): boolean {
  const { position } = record.state;
  if (epoch.index < record.start || epoch.index > position.index) return false;
  const head = epoch.index === position.index ? position.head : kept?.index === epoch.index ? kept.head : undefined;
  if (head === undefined || !equalBytes(head, epoch.head)) return false;
  return record.spans.some(
    (span) => isSame(span, person) && span.from <= epoch.index && (span.to === undefined || epoch.index < span.to),
  );
}

/** The state after the last of these, which follow each other from the record's first on; undefined where they do not say it. */
export function stateAfter(record: GroupRecord, kept: readonly KeptEntry[]): GroupState | undefined {
  const [first, ...rest] = kept;
  if (first === undefined || first.index !== record.start) return undefined;
  const bytesOf = ({ signed }: KeptEntry) => decodeBase64(signed.entry);
  if (first.membership === undefined) return first.index === 0 ? replayGroupLog(kept.map(bytesOf)) : undefined;
  const { actor } = decodeGroupEntry(bytesOf(first));
  const state: GroupState = {
    ...decodeMembership(first.membership),
    ...{ group: record.id, name: record.name, deleted: false },
    position: { index: first.index, head: first.head },
    actors: new Map([[encodeBase64(actor.identity), actor.position.index]]),
  };
  return rest.length === 0 ? state : replayGroupLog(rest.map(bytesOf), state);
}

function named({ name, group }: GroupState): Pick<GroupRecord, 'conversation' | 'name' | 'id'> {
  return { conversation: `#${name}`, name, id: group };
}

function follow(
  before: GroupRecord,
  state: GroupState,
  all: readonly SignedGroupEntryText[],
  suspended: number,
  me: Subject,
): Advanced {
  const counted = all.slice(0, all.length - suspended).map((text): Decoded => {
    const bytes = decodeBase64(text.entry);
    return { text, bytes, entry: decodeGroupEntry(bytes) };
  });
  const entries = counted.map(({ entry }) => entry);
  const { ended: _ended, suspended: _suspended, ...kept } = before;
  const ended = endedAfter(before.ended, entries, state, me);
  const spans = spansAfter(before.spans, entries);
  const record: GroupRecord = {
    ...{ ...kept, state, spans },
    ...(ended === undefined ? {} : { ended }),
    ...(suspended === 0 ? {} : { suspended: all.slice(all.length - suspended) }),
  };
  return {
    record,
    entries: counted.map(({ text, bytes, entry: { index } }) => ({ index, signed: text, head: groupHead(bytes) })),
    events: entries
      .filter(({ index }) => concerns(index, spans, me))
      .flatMap((entry) => eventOf(before.conversation, entry) ?? []),
  };
}
