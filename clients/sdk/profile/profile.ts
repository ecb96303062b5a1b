// The profile: keys, pins, outbox, history and event journal of ONE device of one account, encrypted at rest (DESIGN sections 3 to 5, 7).
// This file is its whole interface, so that sending, receiving and the user interfaces agree on what is kept and what is atomic.
// Conventions: `DeviceId` and `MessageId` are canonical Base64 text (32 and 16 bytes), because they are map keys and travel so in frames;
// keys, hashes and sealed parts are bytes. `conversation` is a name that the core chooses once and keeps (the other address, or `#…` of a group); it is hashed
// with a profile key before it meets a disk. Times are ms since 1970 and passed in. Each method is one transaction, durable (synced)
// when its promise resolves unless its line says otherwise. Several processes may use one profile at the same time.
import type { SignedEntryText } from '#protocol/frames/fields.ts';

export type DeviceId = string;
export type MessageId = string;

/** What went wrong with the files themselves; `message` is a sentence that says what to do. */
export type ProfileProblem =
  | 'missing'
  | 'exists'
  | 'wrong_password'
  | 'corrupt'
  | 'foreign'
  | 'unknown_version'
  | 'busy'
  | 'no_access'
  | 'no_space';

/** The profile cannot be used as asked: tell the person `message`. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly problem: ProfileProblem;

  constructor(problem: ProfileProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/** The account and this device, as a profile begins. */
export type NewAccount = {
  readonly address: string;
  readonly domain: string;
  readonly servers: readonly string[];
  /** The server's OPAQUE key of the first challenge, base64url text: pinned. */
  readonly serverKey: string;
  /** Own identity, Ed25519 public key (32). */
  readonly identity: Uint8Array;
  readonly device: DeviceId;
  /** X25519 secret key (32) and Ed25519 seed (32) of this device. */
  readonly boxSecret: Uint8Array;
  readonly signSeed: Uint8Array;
  /** Number of `password` entries in the account log that the wrapping password belongs to. */
  readonly passwordVersion: number;
};

export type Account = NewAccount & {
  /** The highest password version seen in the own account log. */
  readonly passwordVersionSeen: number;
  /** The password was changed elsewhere: ask for the new one, prove it by OPAQUE, then `rewrap`. */
  readonly passwordChanged: boolean;
};

export interface AccountPart {
  /** The account as it is now (read anew: another process may have changed it). */
  get(): Promise<Account>;
  setServers(servers: readonly string[]): Promise<void>;
  /** The next session number, from 1, never given twice to any process. */
  nextSessionNumber(): Promise<number>;
  /** Keeps the highest `version` seen; from then on `passwordChanged` is true until `rewrap` with that version. */
  sawPasswordVersion(version: number): Promise<void>;
  /** Wraps the profile key with another password (NFC is applied here); old wrapping is gone with the same transaction. */
  rewrap(password: string, passwordVersion: number): Promise<void>;
}

/** What is known of one address. `log` is the verified chain, oldest first; the caller decides that a longer one replaces it. */
export type Pin = {
  readonly address: string;
  readonly identity: Uint8Array;
  readonly log: readonly SignedEntryText[];
  /** When each device of the log was first seen here: decides late slots. */
  readonly firstSeen: Readonly<Record<DeviceId, number>>;
  readonly verified: boolean;
  readonly blocked: boolean;
  /** A log under another identity, kept aside until the person accepts it. */
  readonly changed?: {
    readonly identity: Uint8Array;
    readonly log: readonly SignedEntryText[];
    readonly seenAt: number;
  };
};

export interface PinsPart {
  get(address: string): Promise<Pin | undefined>;
  list(): Promise<Pin[]>;
  /**
   * Reads the pin (undefined: none yet), lets `change` decide, writes what it returns (undefined: nothing), all in one transaction,
   * together with the events. `change` is synchronous and may throw, which changes nothing. Resolves with the pin as it is then.
   */
  update(
    address: string,
    change: (pin: Pin | undefined) => { readonly pin: Pin; readonly events?: readonly NewEvent[] } | undefined,
  ): Promise<Pin | undefined>;
}

/** Only rises, in this order (DESIGN section 3); per recipient address. */
export type RecipientState = 'pending' | 'accepted' | 'refused' | 'expired' | 'delivered';
export type Recipient = { readonly state: RecipientState; readonly device?: DeviceId; readonly at?: number };

/** What the sealing callback returns: sealed bytes of one message, ready to be sent again and again. */
export type SealedItem = {
  readonly id: MessageId;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly slots: readonly { readonly to: string; readonly device: DeviceId; readonly slot: Uint8Array }[];
  readonly k: Uint8Array;
  readonly mh: Uint8Array;
};

/** A text to send: what the own history shows of it, and how it is sealed once its number is known. */
export type NewMessage = {
  readonly conversation: string;
  /** Addresses whose `delivered` counts; empty for a message to oneself. */
  readonly recipients: readonly string[];
  readonly kind: string;
  readonly content: Uint8Array;
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
  /** Devices that have a slot. */
  readonly slotted: readonly DeviceId[];
};

/** A sent message with its sealed bytes, as long as late slots may be made for it. */
export type LateMessage = SentMessage & {
  readonly number: number;
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
  outboxSize(): Promise<number>;
  /** The server accepted these (by `number`): they leave the outbox, their recipients rise to accepted. Unknown numbers are skipped (another process was first). */
  accepted(numbers: readonly number[], receivedAt: number): Promise<void>;
  /** Removes one item for good: a refusal that will not change. */
  drop(number: number, code: string): Promise<void>;
  /** Replaces the sealed bytes of a queued item (same id and seq). `seal` is synchronous. False if it has left the outbox. */
  reseal(number: number, seal: (item: OutboxItem, previous: Uint8Array) => SealedItem): Promise<boolean>;
  /** OUTBOX_MAX_AGE_MS is over: as `reseal`, with an empty message; the history keeps the text and shows it as given up, whatever becomes of the empty one. */
  giveUp(number: number, code: string, seal: (item: OutboxItem, previous: Uint8Array) => SealedItem): Promise<boolean>;
  /** By author's device and id; undefined if unknown. */
  sent(device: DeviceId, id: MessageId): Promise<SentMessage | undefined>;
  /**
   * Messages of this device, accepted, sent at or after `since`, not expired, whose sealed bytes are kept, for this address (one's own: all of them):
   * candidates for late slots, oldest first, outbox number > `after`, at most `limit`.
   */
  lateCandidates(address: string, since: number, after: number, limit: number): Promise<LateMessage[]>;
  /** Late slots were accepted for these devices: never again for them. */
  slotted(id: MessageId, devices: readonly DeviceId[]): Promise<void>;
  /**
   * Raises states (verified `delivered` tags, `expired` notices, `refused` after ok); appends the `delivered` and `expired` events of those that rose.
   * Resolves with whether each one rose. Lower or equal states, unknown ids and addresses that are no recipients change nothing.
   */
  raise(changes: readonly StateChange[]): Promise<boolean[]>;
  /** Forgets header and body of messages sent before this time (late slots are over). Resolves with how many. */
  forgetSealed(before: number): Promise<number>;
}

export type StateChange = {
  /** The author's device and the message id. */
  readonly device: DeviceId;
  readonly id: MessageId;
  readonly by: string;
  readonly state: 'refused' | 'expired' | 'delivered';
  /** The recipient's device whose tag was verified. */
  readonly byDevice?: DeviceId;
  readonly at: number;
};

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
  /** Group epoch, or 0: remembered as the conversation's last. */
  readonly epoch: number;
  readonly kind: string;
  readonly content: Uint8Array;
  readonly sentAt: number;
  readonly receivedAt: number;
  /** 0 = never. */
  readonly expiry: number;
  /** Copy of a message of an own other device: what `delivered` tags need. */
  readonly own?: { readonly k: Uint8Array; readonly recipients: readonly string[] };
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
  /** mh known for that number of that device, if it came. */
  mhOf(conversation: string, device: DeviceId, seq: number): Promise<Uint8Array | undefined>;
  /** Group: last epoch committed; 0 if none. */
  lastEpoch(conversation: string): Promise<number>;
  /** Gaps that are open and were not shown yet, first noticed at or before `noticedBefore`. */
  gaps(noticedBefore: number): Promise<Gap[]>;
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

/**
 * One line of a conversation. `position` is the page key: a whole number that rises along the conversation, with holes in which a late message
 * takes its place in its sender's order.
 */
export type HistoryEntry = {
  readonly conversation: string;
  readonly position: number;
  readonly id: MessageId;
  readonly from: string;
  readonly device: DeviceId;
  readonly seq: number;
  readonly kind: string;
  readonly content: Uint8Array;
  readonly sentAt: number;
  /** When it came; of own ones, when they were written. */
  readonly receivedAt: number;
  readonly expiry: number;
  /** Written by this account, on any device: then `sent` says what became of it. */
  readonly own: boolean;
  readonly sent?: SentMessage;
};

export type Conversation = {
  readonly conversation: string;
  readonly lastPosition: number;
  readonly lastAt: number;
  /** Unread messages by sender address; empty object: none. */
  readonly unread: Readonly<Record<string, number>>;
};

export interface HistoryPart {
  /** Entries with position < `before` (absent: from the end), newest `limit` of them, returned oldest first. */
  before(conversation: string, limit: number, before?: number): Promise<HistoryEntry[]>;
  /** Entries with position > `after` (0: from the start), oldest first. */
  after(conversation: string, limit: number, after: number): Promise<HistoryEntry[]>;
  /** All conversations, latest first. */
  conversations(): Promise<Conversation[]>;
  conversation(name: string): Promise<Conversation | undefined>;
  /** Everything up to `position` counts as read. */
  markRead(conversation: string, position: number): Promise<void>;
  /** Deletes what expired at or before `now` (overwritten on disk). Resolves with how many. */
  deleteExpired(now: number): Promise<number>;
}

/** Events as `listen` prints them, in order. A message's own event is appended by `commitReceived`; the entry is read when it is printed. */
export type NewEvent =
  | {
      readonly type: 'delivered' | 'expired';
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
    };

export type ProfileEvent = { readonly number: number } & (
  | NewEvent
  | { readonly type: 'message'; readonly entry: HistoryEntry }
);

export interface EventsPart {
  append(events: readonly NewEvent[]): Promise<void>;
  /**
   * Prints up to `limit` events that no process has printed, in order. `print` is synchronous; it returns 'enough' to stop after this event (`--count`).
   * Under the profile's print lock each event is printed, then marked at once; a process that dies between the two repeats that one event, nothing else.
   * `busy`: another process is printing; call again at the next change. If `print` throws, its event stays unprinted. `close` stops it at the
   * next event: nothing is printed after it.
   */
  printNext(
    limit: number,
    print: (event: ProfileEvent) => 'more' | 'enough',
  ): Promise<{ readonly printed: number; readonly busy: boolean; readonly more: boolean }>;
  /** Calls `changed` after any commit to the profile, by this or another process (within 100 ms); may call without cause. Returns the stop. */
  watch(changed: () => void): () => void;
}

export interface Profile {
  readonly account: AccountPart;
  readonly pins: PinsPart;
  readonly sending: SendingPart;
  readonly receiving: ReceivingPart;
  readonly history: HistoryPart;
  readonly events: EventsPart;
  /** The right to hold the receiving session: one process at a time; freed by `release`, or by the system when the process dies. Undefined: taken. */
  tryReceiverLock(): Promise<{ release(): void } | undefined>;
  /** Waits for what is under way, forgets the keys in memory, closes the files. */
  close(): Promise<void>;
  /** Deletes the wrapped key first, then overwrites and removes the rest. The profile is closed then. */
  erase(): Promise<void>;
}
