// What a profile tells once: the journal of events (part of the interface in profile.ts).
import type { GroupChange, GroupPolicy, GroupRole } from '#protocol/group-entry.ts';
import type { DeviceId, MessageId } from './ids.ts';
import type { HistoryEntry } from './lines.ts';

/** Events as `listen` prints them, in order. A message's own event is appended by `commitReceived`; the entry is read when it is printed. */
export type NewEvent =
  | {
      readonly type: 'delivered' | 'expired' | 'read';
      readonly conversation: string;
      readonly id: MessageId;
      readonly device: DeviceId;
      readonly by: string;
      readonly at: number;
    }
  | {
      readonly type: 'gap';
      readonly conversation: string;
      readonly from: string;
      readonly device: DeviceId;
      readonly first: number;
      readonly last: number;
      /** missing: has not come yet; missed: the server says that it will not come. */
      readonly why: 'missing' | 'missed';
      readonly at: number;
    }
  | {
      readonly type: 'identity';
      readonly address: string;
      /** `change` is the core's word: device_added, device_revoked, changed, accepted, alarm, refused_log … */
      readonly change: string;
      readonly device?: DeviceId;
      readonly at: number;
    }
  | {
      readonly type: 'unreadable';
      readonly reason: string;
      readonly from?: string;
      readonly device?: DeviceId;
      readonly conversation?: string;
      readonly id?: MessageId;
      readonly at: number;
    }
  /** Somebody changed who is in a group, or what it is: a verified entry of its log, in the log's order. `at`: by the clock of `by`. */
  | {
      readonly type: 'membership';
      readonly conversation: string;
      readonly change: Exclude<GroupChange['type'], 'anchor'>;
      readonly by: string;
      readonly subject?: string;
      readonly role?: GroupRole;
      readonly policy?: GroupPolicy;
      readonly at: number;
    }
  /** What a server showed of a group that it should not have: another log, an older one, or another group under a known name. `reason`: a sentence. */
  | {
      readonly type: 'group';
      readonly conversation: string;
      readonly change: 'forked' | 'other_group' | 'refused_log';
      readonly reason?: string;
      readonly at: number;
    };

export type ProfileEvent = { readonly number: number } & (
  | NewEvent
  | { readonly type: 'message'; readonly entry: HistoryEntry }
);

/** Of an event: it was printed, and more may be; it was, and is the last one; it was not, and comes first the next time. */
export type Printed = 'more' | 'enough' | 'later';

export interface EventsPart {
  append(events: readonly NewEvent[]): Promise<void>;
  /**
   * Prints up to `limit` events that no process has printed, in order. `print` returns 'enough' to stop after this event (`--count`), 'later' to stop ahead of it. One
   * that has something to wait for (a file that is saved first) returns a promise; nobody else prints meanwhile.
   * Under the profile's print lock each event is printed, then marked at once; a process that dies between the two repeats that one event, nothing else.
   * `busy`: another process is printing; call again at the next change. If `print` throws, its event stays unprinted. `close` stops it at the
   * next event: nothing is printed after it.
   */
  printNext(
    limit: number,
    print: (event: ProfileEvent) => Printed | Promise<Printed>,
  ): Promise<{ readonly printed: number; readonly busy: boolean; readonly more: boolean }>;
  /** Calls `changed` after any commit to the profile, by this or another process (within 100 ms); may call without cause. Returns the stop. */
  watch(changed: () => void): () => void;
}
