// What a profile keeps of messages that this account writes: the outbox, and what becomes of each (part of the interface in profile.ts).
import type { DeviceId, MessageId } from './ids.ts';

/** Only rises, in this order (DESIGN section 3); per recipient address. */
export type RecipientState = 'pending' | 'accepted' | 'refused' | 'expired' | 'delivered' | 'read';
export type Recipient = { readonly state: RecipientState; readonly device?: DeviceId; readonly at?: number };

/** Each at most `of`, and so all together. */
export type SentCounts = {
  readonly of: number;
  readonly delivered: number;
  readonly expired: number;
  readonly refused: number;
};

/** The number that a group gave to the queued message `number`, and the mh of what it took under its id. */
export type Placed = { readonly number: number; readonly order: number; readonly mh: Uint8Array };

/** What the sealing callback returns: sealed bytes of one message, ready to be sent again and again. */
export type SealedItem = {
  readonly id: MessageId;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly slots: readonly { readonly to: string; readonly device: DeviceId; readonly slot: Uint8Array }[];
  readonly k: Uint8Array;
  readonly mh: Uint8Array;
  /** Of a group's message that is sealed anew: whom it goes to now. Absent: the same people as before. */
  readonly people?: Addressees;
};

/** `recipients`: addresses whose `delivered` counts; empty for a message to oneself, and to more people than each is told of: `counted` of them. */
export type Addressees = { readonly recipients: readonly string[]; readonly counted?: number };

/** A message to send: what the own history shows of it, and how it is sealed once its number is known. */
export type NewMessage = {
  readonly conversation: string;
  /** Addresses whose `delivered` counts; empty for a message to oneself, and to more people than each is told of. */
  readonly recipients: readonly string[];
  /** How many people they are who are not named. */
  readonly counted?: number;
  /** The name of the group that it goes to. */
  readonly group?: string;
  readonly kind: string;
  readonly content: Uint8Array;
  /** What clients tell each other: it has no line in the history, and nobody is told what became of it. */
  readonly hidden?: true;
  readonly createdAt: number;
  /** Deleted here after this time; 0 = never. */
  readonly expiry: number;
  /** The frame's retention in ms, if any. */
  readonly retention?: number;
  /** Synchronous. `previous`: mh of seq − 1, zeros at seq 1. Throwing undoes the whole batch. */
  readonly seal: (seq: number, previous: Uint8Array) => SealedItem;
};

export type OutboxItem = SealedItem & {
  /** Place in the outbox, over all conversations: the order of sending. */
  readonly number: number;
  readonly conversation: string;
  readonly seq: number;
  readonly createdAt: number;
  readonly retention?: number;
  readonly hidden?: true;
  readonly group?: string;
  /** It names another hash than the message before it has now: that one was sealed anew, and this one not yet. */
  readonly outdated?: true;
};

/** What stays of a message written by this account (any of its devices), for tags and late slots. */
export type SentMessage = {
  readonly id: MessageId;
  /** The device that wrote it. */
  readonly device: DeviceId;
  readonly conversation: string;
  readonly seq: number;
  readonly k: Uint8Array;
  readonly mh: Uint8Array;
  readonly sentAt: number;
  /** pending (in the outbox), accepted, refused for good, given up. */
  readonly outcome: 'pending' | 'accepted' | 'refused' | 'given_up';
  /** Why it was refused or given up: an error code. */
  readonly code?: string;
  readonly recipients: Readonly<Record<string, Recipient>>;
  /** In place of them, in a group where not everybody is named: how many of `of` people, by the server's word. */
  readonly counts?: SentCounts;
  /** Devices that have a slot. */
  readonly slotted: readonly DeviceId[];
  readonly hidden?: true;
};

/** A sent message with its sealed bytes, as long as late slots may be made for it. */
export type LateMessage = SentMessage & {
  readonly number: number;
  readonly group?: string;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
};

export interface SendingPart {
  /**
   * Allots seq (from 1, by conversation) and calls `seal` for each message in order; outbox, sent data and history change in the same
   * transaction, so a number is used exactly once whatever dies. Resolves in the order given.
   */
  enqueue(messages: readonly NewMessage[]): Promise<OutboxItem[]>;
  /** Outbox items with number > `after`, oldest first, at most `limit`. */
  outbox(after: number, limit: number): Promise<OutboxItem[]>;
  /** Without hidden ones. */
  outboxSize(): Promise<number>;
  /**
   * The server accepted these (by `number`): they leave the outbox, their recipients rise to accepted. Unknown numbers are skipped (another process was
   * first). `stale`: pinned addresses that it named with that; their pins remember it. `placed`: of a group's messages, whose lines take their place by it.
   * Resolves with the numbers of those that the server had taken as other bytes than are here now.
   */
  accepted(
    numbers: readonly number[],
    receivedAt: number,
    stale?: readonly string[],
    placed?: readonly Placed[],
  ): Promise<number[]>;
  /** Removes one item for good: a refusal that will not change. */
  drop(number: number, code: string): Promise<void>;
  /** Replaces the sealed bytes of a queued item (same id and seq). `seal` is synchronous. False if it has left the outbox. */
  reseal(number: number, seal: (item: OutboxItem, previous: Uint8Array) => SealedItem): Promise<boolean>;
  /** OUTBOX_MAX_AGE_MS is over: as `reseal`, with an empty message; the history keeps the text and shows it as given up, whatever becomes of the empty one. */
  giveUp(number: number, code: string, seal: (item: OutboxItem, previous: Uint8Array) => SealedItem): Promise<boolean>;
  /** By author's device and id; undefined if unknown. */
  sent(device: DeviceId, id: MessageId): Promise<SentMessage | undefined>;
  /** By the number that an own device gave it in a conversation; undefined if unknown, hidden, or no more in the history. */
  numbered(conversation: string, device: DeviceId, seq: number): Promise<SentMessage | undefined>;
  /**
   * Messages of this device, accepted, sent at or after `since`, not expired, whose sealed bytes are kept, for this address (one's own: all of them):
   * candidates for late slots, oldest first, outbox number > `after`, at most `limit`.
   */
  lateCandidates(address: string, since: number, after: number, limit: number): Promise<LateMessage[]>;
  /** Late slots were accepted for these devices: never again for them. */
  slotted(id: MessageId, devices: readonly DeviceId[]): Promise<void>;
  /**
   * Raises states (verified `delivered` and `read` tags, `expired` notices, `refused` after ok); appends the events of those that rose, except `refused`.
   * Resolves with whether each one rose. Lower or equal states, unknown ids, hidden messages and addresses that are no recipients change nothing.
   */
  raise(changes: readonly StateChange[]): Promise<boolean[]>;
  /** The server counted so many more persons of each message; never more than there are. Unknown ids, and messages of which each is told, change nothing. */
  count(counted: readonly Counted[]): Promise<void>;
  /** Forgets header and body of messages sent before this time (late slots are over). Resolves with how many. */
  forgetSealed(before: number): Promise<number>;
}

/** How many more persons, of a message by its author's device and id. */
export type Counted = { readonly device: DeviceId; readonly id: MessageId } & Omit<SentCounts, 'of'>;

export type StateChange = {
  /** The author's device and the message id. */
  readonly device: DeviceId;
  readonly id: MessageId;
  readonly by: string;
  readonly state: 'refused' | 'expired' | 'delivered' | 'read';
  /** The recipient's device whose tag was verified. */
  readonly byDevice?: DeviceId;
  readonly at: number;
};
