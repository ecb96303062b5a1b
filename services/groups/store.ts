// What the groups service keeps. Two stores implement it; one contract suite (store.contract.ts) holds both to it.
//
// A name has one sequence of numbers, from 1 and never used twice: it goes on when a group is deleted and another takes the name. What a
// turn decided is one record (or several) in that sequence; its first number is the fence, so that of two owners one is refused. A group's
// own numbers begin at 1: number in the name's sequence − base. Everything else that is kept follows from the records:
//
//   entries     a group's log by index, for whoever reads it and for the actor that is loaded
//   marks       (group, device, message id) → what was accepted under it, for MARK_MAX_AGE_MS
//   membership  the names of the groups that somebody is in
//   listing     the groups by name, and of those the open ones, for whoever looks for one
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { GroupPolicy } from '#protocol/group-entry.ts';
import { DAY_MS } from '#protocol/limits.ts';

/** A message that comes again is known for this long (DESIGN section 3, Groups). */
export const MARK_MAX_AGE_MS = 30 * DAY_MS;
/** Numbers of one record: messages, and entries of at most 2 KiB each. */
export const RECORD_NUMBERS_MAX = 256;

/** A message's key within its group: Base64 of the sender's device and of the message id. */
export type MarkKey = { readonly device: string; readonly id: string };

/** What was accepted under a key. */
export type Mark = MarkKey & {
  /** The group's own. */
  readonly number: number;
  /** Base64. */
  readonly mh: string;
  readonly epoch: number;
  /** How many it went to, beside the sender. */
  readonly persons: number;
  /** When it was accepted, ms since 1970. */
  readonly at: number;
};

/** An entry of a log, with the group's own number of it. */
export type KeptEntry = SignedGroupEntryText & { readonly number: number };

/** A group as it is listed. `members`: how many. */
export type Listing = {
  readonly name: string;
  /** Base64 of its id. */
  readonly group: string;
  readonly policy: GroupPolicy;
  readonly members: number;
};

/** What entries changed beside the log. */
export type Change = {
  readonly policy: GroupPolicy;
  readonly members: number;
  readonly deleted: boolean;
  /** Whether it is, or has been, open to everybody: of the others no list knows. */
  readonly listed: boolean;
  /** address → whether they are in the group now, of those for whom that changed. */
  readonly membership: Readonly<Record<string, boolean>>;
};

export type GroupRecord = {
  /** Its first number in the name's sequence; it has `count`. */
  readonly n: number;
  readonly count: number;
  /** When it was decided, ms since 1970. */
  readonly at: number;
  /** Base64 of the id of the group that it is of, and the number in the name's sequence before that group's first. */
  readonly group: string;
  readonly base: number;
  readonly marks: readonly Mark[];
  /** Those from index `first` on. */
  readonly first: number;
  readonly entries: readonly KeptEntry[];
  /** Present with entries. */
  readonly change?: Change;
};

/** A name as its actor is loaded: the group that has it, or had it last, and the next number of its sequence. */
export type KeptGroup = {
  readonly group: string;
  readonly base: number;
  readonly next: number;
  readonly entries: readonly SignedGroupEntryText[];
};

/** Every method throws Unavailable while the store is away. Names and addresses are canonical. */
export interface GroupStore {
  /** Undefined: no group ever had this name. */
  load(name: string): Promise<KeptGroup | undefined>;
  /**
   * Writes records in order. Throws Conflict where a record's number is taken by another one, or is not the next; RequestError `no_space`.
   * A crash or a Conflict may leave a beginning of them done, a record with none, some or all of what follows from it: loading does the
   * rest. Asked again after Unavailable, it does what is left.
   */
  write(name: string, records: readonly GroupRecord[]): Promise<void>;
  /** Entries of a group's log from index `from` on and below `before`; fewer where the log ends. */
  entries(group: string, from: number, before: number): Promise<readonly KeptEntry[]>;
  /** What is kept under each of the keys, in their order. */
  marks(group: string, keys: readonly MarkKey[]): Promise<readonly (Mark | undefined)[]>;
  /** Up to `limit` groups that somebody is in, by name, behind `after` ('' is before all). */
  groupsOf(address: string, after: string, limit: number): Promise<readonly Listing[]>;
  /** Up to `limit` groups that anybody may join, by name, behind `after`. */
  openGroups(after: string, limit: number): Promise<readonly Listing[]>;
  /** Removes marks older than `before` (ms since 1970) of the groups under the names that `mine` accepts, and their records. */
  sweep(before: number, mine: (name: string) => boolean): Promise<void>;
}
