// What is looked up for whoever asks: pages of a log, the state where a newcomer begins, lists of groups. The turn decides who may see it,
// the host reads it, the next turn answers.
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { isZero } from '#protocol/bytes.ts';
import type { GroupCommand, ReplyTo } from '#protocol/commands.ts';
import { RequestError } from '#protocol/errors.ts';
import type { RequestType } from '#protocol/frames/client.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { decodeGroupEntry } from '#protocol/group-entry.ts';
import { replayGroupLog } from '#protocol/group-log.ts';
import { encodeMembership } from '#protocol/group-state.ts';
import { GROUP_LIST_PAGE, GROUP_LOG_PAGE_ENTRIES } from '#protocol/limits.ts';
import type { Tell } from '#runtime/actors/actor.ts';
import { existing, type Standing } from './standing.ts';
import type { GroupStore, KeptEntry, Listing } from './store.ts';

/** Of a group that is loaded; each has 400 KiB at most. */
const FOLLOWED_MAX = 4;

type Command<T extends GroupCommand['type']> = Extract<GroupCommand, { type: T }>;

export type GroupRead = { readonly reply: ReplyTo } & (
  | { readonly purpose: 'page'; readonly group: string; readonly from: number; readonly length: number }
  /** `membership`: the state's bytes, where they are known; else the log is followed up to `at`. */
  | {
      readonly purpose: 'state';
      readonly group: string;
      readonly at: number;
      readonly length: number;
      readonly membership: Uint8Array | undefined;
    }
  | { readonly purpose: 'list'; readonly address: string; readonly own: boolean; readonly after: string }
);

export type GroupResult =
  | { readonly read: Extract<GroupRead, { purpose: 'page' }>; readonly entries: readonly KeptEntry[] }
  | { readonly read: Extract<GroupRead, { purpose: 'state' }>; readonly entries: readonly KeptEntry[] }
  | { readonly read: Extract<GroupRead, { purpose: 'list' }>; readonly listings: readonly Listing[] };

/** `group.get`: what to read. Throws RequestError `no_such_group` or `not_a_member`. */
export function readPage(standing: Standing | undefined, { frame, from, reply }: Command<'group.get'>): GroupRead {
  const { present, length } = visible(standing, from);
  return { purpose: 'page', group: present.group, from: frame.after, length, reply };
}

/**
 * `group.state`: what to read. To find what is stated by an entry that is not the last one to do so, the whole log up to it is followed: that is done for the
 * entry by which somebody came in, and for no other. Throws RequestError `no_such_group`, `not_a_member`, or `bad_request` for another entry.
 */
export function readState(
  standing: Standing | undefined,
  { frame, from, reply }: Command<'group.state'>,
  followed: Followed,
): GroupRead {
  const { present, length } = visible(standing, from);
  const { group, stated, came, until } = present;
  // Who is not in it any more and asks where one begins is a newcomer like all others.
  if (frame.at === undefined && until.has(from)) mayCome(present);
  const at = frame.at ?? stated.position.index;
  if (at >= length || (at !== stated.position.index && at !== came.get(from))) {
    throw new RequestError(
      'bad_request',
      'That is neither the entry by which you came in nor the last one that states who is in the group.',
    );
  }
  let membership = followed.get(group, at);
  if (!membership && at === stated.position.index) {
    membership = encodeMembership(stated);
    followed.keep(group, at, membership);
  }
  return { purpose: 'state', group, at, length, membership, reply };
}

/** Memberships that a log was followed for, so that whoever asks again and again has it followed once. */
export class Followed {
  readonly #memberships = new Map<string, Uint8Array>();

  get(group: string, at: number): Uint8Array | undefined {
    return this.#memberships.get(`${group} ${at}`);
  }

  keep(group: string, at: number, membership: Uint8Array): void {
    this.#memberships.set(`${group} ${at}`, membership);
    const [oldest] = this.#memberships.size > FOLLOWED_MAX ? this.#memberships.keys() : [];
    if (oldest !== undefined) this.#memberships.delete(oldest);
  }
}

/** What the host does with a read. */
export async function performRead(store: GroupStore, read: GroupRead): Promise<GroupResult> {
  switch (read.purpose) {
    case 'page':
      return { read, entries: await store.entries(read.group, read.from, pageEnd(read)) };
    case 'state': {
      const { group, at, membership } = read;
      if (membership === undefined || at === 0) return { read, entries: await store.entries(group, 0, at + 1) };
      const [create, last] = await Promise.all([store.entries(group, 0, 1), store.entries(group, at, at + 1)]);
      return { read, entries: [...create, ...last] };
    }
    case 'list': {
      const { address, own, after } = read;
      const limit = GROUP_LIST_PAGE + 1; // one more says that there are more
      return { read, listings: await (own ? store.groupsOf(address, after, limit) : store.openGroups(after, limit)) };
    }
  }
}

/** The answer to whoever asked. */
export function answerTo(result: GroupResult, followed = new Followed()): Tell {
  const { inbox, re } = result.read.reply;
  try {
    return { inbox, message: { type: 'answer', re, answer: answerOf(result, followed) } };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return refusalTo(result.read.reply, error);
  }
}

export function refusalTo({ inbox, re }: ReplyTo, { code, message, retryAfterMs }: RequestError): Tell {
  const refusal = { type: 'refusal', re, code, message } as const;
  return { inbox, message: retryAfterMs === undefined ? refusal : { ...refusal, retryAfterMs } };
}

function answerOf(result: GroupResult, followed: Followed): Answer<RequestType> {
  if ('listings' in result) {
    const groups = result.listings.slice(0, GROUP_LIST_PAGE);
    const more = result.listings.length > GROUP_LIST_PAGE;
    return { groups, more } satisfies Answer<'group.list'>;
  }
  const { read, entries } = result;
  if (read.purpose === 'state') return stateAnswer(read, entries, followed);
  const { group, length } = read;
  return { group, entries: entries.map(toText), length } satisfies Answer<'group.get'>;
}

function stateAnswer(
  { group, at, length, membership }: Extract<GroupRead, { purpose: 'state' }>,
  entries: readonly KeptEntry[],
  followed: Followed,
): Answer<'group.state'> {
  const [create, entry] = [entries[0], entries.at(-1)];
  if (!create || !entry) throw new RequestError('unavailable'); // the store has the log of every group that was loaded from it
  if (isZero(decodeGroupEntry(decodeBase64(entry.entry)).state)) {
    throw new RequestError('bad_request', 'That entry does not state who is in the group.');
  }
  const bytes = membership ?? encodeMembership(replayGroupLog(entries.map((one) => decodeBase64(one.entry))));
  if (!membership) followed.keep(group, at, bytes);
  return { group, create: toText(create), entry: toText(entry), index: at, state: encodeBase64(bytes), length };
}

/**
 * The log of a closed group is its members', that of any other everybody's. Of a deleted one its members learn that it is, and whoever was in it may
 * see it up to the entry by which they went: they may have been away all the time, and have its messages still to read.
 */
function visible(
  standing: Standing | undefined,
  from: string,
): { readonly present: Standing; readonly length: number } {
  if (standing === undefined) throw new RequestError('no_such_group');
  const { state, until } = standing;
  const whole = { present: standing, length: state.position.index + 1 };
  if (state.members.has(from)) return whole;
  const went = until.get(from);
  if (went !== undefined && (state.deleted || state.policy === 'closed'))
    return { present: standing, length: went + 1 };
  mayCome(standing);
  return whole;
}

/** Throws RequestError unless anybody may see it who is not in it. */
function mayCome(standing: Standing): void {
  const present = existing(standing);
  if (!present) throw new RequestError('no_such_group');
  if (present.state.policy === 'closed') throw new RequestError('not_a_member');
}

function pageEnd({ from, length }: Extract<GroupRead, { purpose: 'page' }>): number {
  return Math.min(from + GROUP_LOG_PAGE_ENTRIES, length);
}

function toText({ entry, signature }: KeptEntry): SignedGroupEntryText {
  return { entry, signature };
}
