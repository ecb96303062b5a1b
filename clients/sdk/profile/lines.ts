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
  /** Unread entries that took a place among what had been read, oldest first: who shows the end of a conversation alone does not show them. */
  late(conversation: string): Promise<HistoryEntry[]>;
  /**
   * These positions were shown: everything up to the highest of them counts as read, but of what took a place among what had been read
   * (`late`) only what is named.
   */
  markRead(conversation: string, shown: readonly number[]): Promise<void>;
  /** Deletes what expired at or before `now` (overwritten on disk). Resolves with how many. */
  deleteExpired(now: number): Promise<number>;
}
