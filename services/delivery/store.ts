// What delivery keeps: for each mailbox a head and chunks (DESIGN section 3, Store). Every implementation passes store.contract.ts.
//
//   head `user`      the mailbox's devices, a cursor for each and when it was used last, the next item number, when its user was last seen
//   chunk `user/n`   the items of one flush, numbered n, n+1, … without gaps, and whom their bytes count for
//
// n is a multiple of CHUNK_NUMBERS: what a flush leaves of its numbers stays unused, so that whoever knows the first and the next
// number can look up every chunk by its key, and needs no query that searches.
import type { Charges } from './charges.ts';
import type { MailboxItem } from './item.ts';

/**
 * An item as stored. `devices`: whom it is still for. `taken`: some device had it before it was stored, so the sender knows.
 * `item` is null once it expired while others of its chunk had not: the numbers of those stay.
 */
export type StoredItem = {
  readonly item: MailboxItem | null;
  readonly devices: readonly string[];
  readonly taken: boolean;
};

/** The numbers that each chunk has for its items; the first chunk has the second such range. */
export const CHUNK_NUMBERS = 64;

/** A chunk without its items. */
export type ChunkInfo = { readonly n: number; readonly count: number; readonly charges: Charges };
export type Chunk = { readonly n: number; readonly items: readonly StoredItem[] };

/** A mailbox as it is loaded. `length`: entries of the account log that `devices` comes from. */
export type MailboxState = {
  readonly length: number;
  readonly devices: readonly string[];
  readonly deleted: boolean;
  /** The number of the next chunk. */
  readonly next: number;
  /** device → everything below is acked or not for it. Revoked devices keep theirs: it says what they had taken. */
  readonly cursors: Readonly<Record<string, number>>;
  /** device in use → when it was used last, as it was noted; ms since 1970. */
  readonly used: Readonly<Record<string, number>>;
  /** When the user was last seen, as it was noted; ms since 1970. */
  readonly seen?: number | undefined;
  readonly chunks: readonly ChunkInfo[];
};

export type MailboxWrite =
  /** Fence: only if `length` is greater than the stored one. Creates the mailbox. New devices begin at their `cursors`; `used` takes the place of all that was noted. If `deleted`, when the user was last seen is forgotten. */
  | {
      readonly type: 'account';
      readonly length: number;
      readonly devices: readonly string[];
      readonly deleted: boolean;
      readonly cursors: Readonly<Record<string, number>>;
      readonly used: Readonly<Record<string, number>>;
    }
  /** Fence: only if no item `n` was ever stored. The mailbox exists. */
  | { readonly type: 'append'; readonly chunk: Chunk; readonly charges: Charges }
  /** Raises a cursor, never lowers it. */
  | { readonly type: 'cursor'; readonly device: string; readonly n: number }
  /** Notes when a device was used last; of one that is not in use, nothing. */
  | { readonly type: 'used'; readonly device: string; readonly at: number }
  /** Notes when the user was last seen; where there is no mailbox, or a deleted one, nothing. */
  | { readonly type: 'seen'; readonly at: number }
  /** Removes the lowest chunk of all, because it is below every cursor: from now on there is nothing up to its end. */
  | { readonly type: 'trim'; readonly n: number }
  /** Removes a chunk that expired. Removing one twice is harmless. */
  | { readonly type: 'remove'; readonly n: number }
  /** Puts a chunk of the same n and length in its place, its expired items emptied. */
  | { readonly type: 'replace'; readonly chunk: Chunk; readonly charges: Charges };

/** How much a chunk holds: its items, places of expired ones among them, and their bytes as they count for quotas. */
export type ChunkSize = { readonly user: string; readonly items: number; readonly bytes: number };

export interface MailboxStore {
  /** The mailbox of a user (an address), or undefined if there is none. */
  load(user: string): Promise<MailboxState | undefined>;
  /**
   * Performs the writes in order; throws Conflict where a fence fails. A crash or a Conflict may leave a beginning of them done, and
   * nothing of what follows: MongoDB makes one document durable at a time, so the actor orders its writes so that every beginning
   * is a state that it can be loaded from. Asked again after Unavailable, it does what is left.
   */
  write(user: string, writes: readonly MailboxWrite[]): Promise<void>;
  /** Up to `limit` chunks that hold items numbered `from` or greater and below `before`, in order. */
  read(user: string, from: number, before: number, limit: number): Promise<readonly Chunk[]>;
  /** Up to `limit` users that have something stored, after the user `after` in an order of the store's own; '' is before all. */
  users(after: string, limit: number): Promise<readonly string[]>;
  /** Tells of every chunk that is there all the while, once, without reading its items. Takes its time: others are served meanwhile. */
  survey(each: (chunk: ChunkSize) => void): Promise<void>;
}
