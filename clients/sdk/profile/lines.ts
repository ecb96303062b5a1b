// Conversations as a profile shows them (part of the interface in profile.ts).
import type { DeviceId, MessageId } from './ids.ts';
import type { SentMessage } from './sent.ts';

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
  /** When it came to the server, as that says, or, of `late` ones, to this device; of own ones, when they were written. */
  readonly receivedAt: number;
  readonly expiry: number;
  /** Lines that stand behind it were here before it: `sentAt`, which its sender claims, is not when the person could read it. */
  readonly late?: true;
  /** Written by this account, on any device: then `sent` says what became of it. */
  readonly own: boolean;
  /** Number in the group's order, the same for all members; lines stand in it. Absent: an own one that has none, or no group. */
  readonly order?: number;
  readonly sent?: SentMessage;
};

/** A message that was read, as its sender is told of it: who wrote it, and this device's tag for `read`. */
export type ReadMark = { readonly device: DeviceId; readonly seq: number; readonly tag: Uint8Array };

/** The same with its writer, who is told. */
export type ReadLine = ReadMark & { readonly from: string };

export type Conversation = {
  readonly conversation: string;
  readonly lastPosition: number;
  readonly lastAt: number;
  /** Unread messages by sender address; empty object: none. */
  readonly unread: Readonly<Record<string, number>>;
};

/** What is unread in a conversation, as it was at one moment. */
export type Unread = {
  /** Unread messages by sender address. */
  readonly counts: Readonly<Record<string, number>>;
  /** The last lines ahead of `fresh`, or of all. */
  readonly context: readonly HistoryEntry[];
  /** As `HistoryPart.late`. */
  readonly late: readonly HistoryEntry[];
  /** From the first unread line on, with those of one's own and those that were read elsewhere between them. */
  readonly fresh: readonly HistoryEntry[];
  /** How many unread ones are behind `fresh`. */
  readonly left: number;
  /** Of the last line. */
  readonly lastPosition: number;
};

/** Texts that have `text` in them, both as folded.ts makes them; of one conversation, by one sender, where that is said. An empty `text` finds nothing. */
export type Search = {
  readonly text: string;
  readonly conversation?: string;
  readonly from?: string;
  readonly limit: number;
  /** The `number` of the last entry of the page before this one. */
  readonly before?: number;
};

/** `number`: rises in the order in which lines came to this device, over all conversations. */
export type Found = HistoryEntry & { readonly number: number };

export interface HistoryPart {
  /** Entries with position < `before` (absent: from the end), newest `limit` of them, returned oldest first. */
  before(conversation: string, limit: number, before?: number): Promise<HistoryEntry[]>;
  /** Entries with position > `after` (0: from the start), oldest first. */
  after(conversation: string, limit: number, after: number): Promise<HistoryEntry[]>;
  /** All conversations in which there was ever a line, latest first. */
  conversations(): Promise<Conversation[]>;
  conversation(name: string): Promise<Conversation | undefined>;
  /** Unread entries that took a place among what had been read, oldest first: who shows the end of a conversation alone does not show them. */
  late(conversation: string): Promise<HistoryEntry[]>;
  /** At most so many lines of context, and of what is unread besides those that came late. */
  unread(conversation: string, contextLimit: number, limit: number): Promise<Unread>;
  /**
   * Newest first; fewer than `limit`: there are no more. Never what is deleted or has expired at `now`. Below 300 ms for 100,000 messages
   * (`npm run bench -- history`), during which other work on the profile waits for a page of packs at a time.
   */
  search(search: Search, now: number): Promise<Found[]>;
  /**
   * These positions were shown: everything up to the highest of them counts as read, but of what took a place among what had been read
   * (`late`) only what is named.
   */
  markRead(conversation: string, shown: readonly number[]): Promise<void>;
  /** As `markRead`. Resolves with what became read by it and has not expired at `now`, as far as its senders may be told. */
  read(conversation: string, shown: readonly number[], now: number): Promise<ReadLine[]>;
  /**
   * An own other device has shown these: they count as read here, too, unless something unread stands between what had been read here and
   * them. What this device lacks changes nothing.
   */
  readElsewhere(conversation: string, read: readonly Pick<ReadMark, 'device' | 'seq'>[]): Promise<void>;
  /** Deletes what expired at or before `now` (overwritten on disk). Resolves with how many. */
  deleteExpired(now: number): Promise<number>;
}

/** The same for a user interface, which has no say in what time it is, and tells of what was read by `Client.read`. */
export type History = Omit<HistoryPart, 'search' | 'read' | 'readElsewhere'> & {
  search(search: Search): Promise<Found[]>;
};
