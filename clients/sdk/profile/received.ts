// What a profile is given of messages that came, and what it says of them (part of the interface in profile.ts).
import type { DeviceId, MessageId } from './ids.ts';
import type { NewEvent } from './journal.ts';

/** One opened message, as it is to be committed. Written by an own other device: `own` set, then it is never unread. */
export type Received = {
  readonly conversation: string;
  readonly from: string;
  readonly device: DeviceId;
  readonly id: MessageId;
  readonly seq: number;
  readonly mh: Uint8Array;
  /** As the private part says; compared with what is known of seq − 1. */
  readonly previous: Uint8Array;
  /** Group number, or 0. */
  readonly order: number;
  /** Of a group: the epoch, and the one with which this person came into the group, the last time before it: numbers of earlier ones are not awaited. */
  readonly epoch?: number;
  readonly joined?: number;
  readonly kind: string;
  readonly content: Uint8Array;
  readonly sentAt: number;
  /** As the server says. */
  readonly receivedAt: number;
  /** By this device's clock, when it opened it. */
  readonly takenAt: number;
  /** 0 = never. */
  readonly expiry: number;
  /** What its writer had of others, the highest numbers: it stands behind these, also where they come later. */
  readonly seen?: readonly { readonly device: DeviceId; readonly seq: number; readonly mh: Uint8Array }[];
  /**
   * Written before this device was enrolled, by its sender's clock: takes its place by its time. `elsewhere`: its sender did not know this device,
   * and an earlier one of this account is in use; it counts as unread there and not here.
   */
  readonly early?: { readonly elsewhere: boolean };
  /** What tells its sender, once it was read. */
  readonly readTag?: Uint8Array;
  /** Copy of a message of an own other device: what `delivered` and `read` tags need. */
  readonly own?: { readonly k: Uint8Array; readonly recipients: readonly string[]; readonly counted?: number };
  /** False: committed for dedupe and order, but neither history nor event nor unread (empty messages under a given-up seq, control content). */
  readonly show: boolean;
  /** From somebody who is blocked: counted once and in order, without any event; what it contradicts or leaves out is not shown either. */
  readonly quiet?: boolean;
  /** It had expired when it came: a `gap` event says so, unless a `missed` notice has. */
  readonly late?: boolean;
};

/** Something that could not be opened: kept as it came, shown, never dropped in silence. */
export type NewUnreadable = {
  readonly reason: string;
  readonly from?: string;
  readonly device?: DeviceId;
  readonly conversation?: string;
  readonly id?: MessageId;
  /** As they came, Base64; the oldest are dropped where there is too much of it. Absent for a fork found by `commitReceived`, which was opened: then `content` is set. */
  readonly header?: string;
  readonly body?: string;
  readonly slot?: string;
  readonly content?: Uint8Array;
  readonly receivedAt: number;
};
export type Unreadable = NewUnreadable & { readonly number: number };

export type CommitResult =
  /** `forked`: its `previous` (or that of a later message) contradicts what is known; the message is in history, an `unreadable` event says fork. */
  | { readonly result: 'fresh'; readonly position: number; readonly forked: boolean }
  /** Seen before with the same mh: ack it, with its tag. */
  | { readonly result: 'repeat' }
  /** Another message under the same id or seq: not shown as a message; an `unreadable` event says so. Ack it without tag. */
  | { readonly result: 'fork' };

/** Numbers first … last of a sender's device that have not come. */
export type Gap = {
  readonly conversation: string;
  readonly from: string;
  readonly device: DeviceId;
  readonly first: number;
  readonly last: number;
  readonly since: number;
};

export type Head = { readonly device: DeviceId; readonly seq: number; readonly order: number; readonly mh: Uint8Array };

export interface ReceivingPart {
  /**
   * Everything of one batch in ONE transaction, in the order given: dedupe for ever, heads, gaps, history, unread counts, own copies, unreadable items,
   * pending `missed` numbers and all their events. Ack after it resolved. `messages` results are in the order given.
   */
  commitReceived(batch: ReceivedBatch): Promise<CommitResult[]>;
  /** Highest message of each sender device of a conversation: `heads seen` of the next sending (the core leaves its own out, takes ≤ 4). */
  heads(conversation: string): Promise<Head[]>;
  /** mh known for that number of that device, if it came, and its number in the group's order (0: none, or not yet). */
  known(
    conversation: string,
    device: DeviceId,
    seq: number,
  ): Promise<{ readonly mh: Uint8Array; readonly order: number } | undefined>;
  /** Of a group: the highest number that came from others, its epoch, and the first number since this person came into it; 0: nothing came. */
  latest(conversation: string): Promise<{ readonly order: number; readonly epoch: number; readonly since: number }>;
  /** Gaps that are open and were not shown yet, of nobody who is blocked; `limit` at most: what is shown makes room for the next. */
  gaps(limit: number): Promise<Gap[]>;
  /** Shows these gaps: appends `gap` events and never returns them from `gaps` again; the messages may still come. */
  showGaps(gaps: readonly Gap[], at: number): Promise<void>;
  /** Newest first, number < `before` if given. */
  unreadable(limit: number, before?: number): Promise<Unreadable[]>;
}

export type ReceivedBatch = {
  readonly messages: readonly Received[];
  readonly unreadable?: readonly NewUnreadable[];
  /** `missed` notices: these numbers will not come; they close gaps, with a `gap` event. */
  readonly missed?: readonly {
    readonly conversation: string;
    readonly from: string;
    readonly device: DeviceId;
    readonly seqs: readonly number[];
    readonly at: number;
  }[];
  readonly events?: readonly NewEvent[];
};
