// What a profile keeps of groups (part of the interface in profile.ts): for each the verified end of its log, and who was in it when.
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { GroupState } from '#protocol/group-state.ts';
import type { NewEvent } from './journal.ts';

/** An identity was a member at the epochs from `from` up to, not including, `to` (absent: it still is). */
export type Span = {
  readonly address: string;
  readonly identity: Uint8Array;
  readonly from: number;
  readonly to?: number;
};

/**
 * Why this person is not in the group any more: by whom, and when by that person's clock. `unlisted`: no entry says so, but the server does not show
 * the group to this person any more; `by` is empty then, and `at` is by this device's clock.
 */
export type Ended = {
  readonly how: 'left' | 'removed' | 'deleted' | 'unlisted';
  readonly by: string;
  readonly at: number;
  /** Of `unlisted`: what is still to be told of it, unless an entry comes that says how it ended. */
  readonly alarm?: { readonly change: 'refused_log' | 'other_group'; readonly reason: string };
};

export type GroupRecord = {
  /** `#name@domain`; of another group that came under a known name later, `#name@domain/` and the first 8 hex digits of its id. */
  readonly conversation: string;
  /** name@domain, as its first entry says. */
  readonly name: string;
  /** 32 bytes: the hash of the first entry. */
  readonly id: Uint8Array;
  /** After the last entry that counts. Its `position` is the present epoch and membership head. */
  readonly state: GroupState;
  /** The epoch with which this device's knowledge begins. */
  readonly start: number;
  /** Everybody who was a member at any epoch from `start` on. */
  readonly spans: readonly Span[];
  /** Present: this person is no member now. */
  readonly ended?: Ended;
  /** The server showed two valid logs: this one is kept, and nothing is sent any more. A sentence. */
  readonly forked?: string;
  /**
   * Entries behind `state` that do not count yet, oldest first: by devices that were revoked since, with nothing of a device in use on them. The
   * server's log goes on behind the last of them.
   */
  readonly suspended?: readonly SignedGroupEntryText[];
  /**
   * Entries `from` to `upTo` are known, and nobody was told of them: that is done when the server hands them to this device, as it does if they are
   * news to it. Those from `news` on are: if they do not come, they are told all the same.
   */
  readonly untold?: { readonly from: number; readonly upTo: number; readonly news?: number };
};

/** One entry of the log as it is kept. `membership`: of the first one of a record that begins later than the log, the state as bytes that it states. */
export type KeptEntry = {
  readonly index: number;
  readonly signed: SignedGroupEntryText;
  readonly head: Uint8Array;
  readonly membership?: Uint8Array;
};

export type GroupUpdate = {
  readonly record: GroupRecord;
  /** The new entries, or those of before the newcomer's first one: kept under (group, index). */
  readonly entries?: readonly KeptEntry[];
  readonly events?: readonly NewEvent[];
};

export interface GroupsPart {
  get(conversation: string): Promise<GroupRecord | undefined>;
  byId(id: Uint8Array): Promise<GroupRecord | undefined>;
  /** The group that this name means now: the last one that came under it. */
  byName(name: string): Promise<GroupRecord | undefined>;
  /** All that are known, those that ended included, by conversation. */
  list(): Promise<GroupRecord[]>;
  /** The entry with this index, where it is kept. */
  entry(id: Uint8Array, index: number): Promise<KeptEntry | undefined>;
  /**
   * Reads the record of a group id (undefined: none yet), lets `change` decide, writes what it returns (undefined: nothing) in one transaction with its events.
   * `change` is synchronous, may throw, and is told which record the name means now. Resolves with the record as it is then.
   */
  update(
    id: Uint8Array,
    name: string,
    change: (record: GroupRecord | undefined, named: GroupRecord | undefined) => GroupUpdate | undefined,
  ): Promise<GroupRecord | undefined>;
}
