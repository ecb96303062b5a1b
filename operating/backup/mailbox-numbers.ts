// What a backup of mailboxes at work says of their numbers. A head was read before its chunks, and only hints at the next number: the one that is
// right is behind everything that was read, chunks and cursors alike. A lower one would be given to a message that a cursor has passed.
import { CHUNK_NUMBERS } from '../../services/delivery/store.ts';

type Seen = { rank: number; noted: number; next: number };

/** One entry for each mailbox stays in memory: some 100 bytes. */
export class MailboxNumbers {
  readonly #seen = new Map<string, Seen>();

  head({ _id, rank, next, cursors = {} }: Readonly<Record<string, unknown>>): void {
    const seen = this.#of(String(_id));
    const passed = Object.values(cursors as Readonly<Record<string, number>>); // as mongo-store.ts writes it
    seen.rank = Number(rank);
    seen.noted = Number(next);
    seen.next = Math.max(seen.next, seen.noted, ...passed.map((n) => Math.ceil(n / CHUNK_NUMBERS) * CHUNK_NUMBERS));
  }

  chunk({ _id }: Readonly<Record<string, unknown>>): void {
    const key = String(_id);
    const slash = key.lastIndexOf('/');
    const seen = this.#of(key.slice(0, slash));
    seen.next = Math.max(seen.next, Number(key.slice(slash + 1)) + CHUNK_NUMBERS);
  }

  /** As `rank` of the head; −1: it was not there yet. */
  rankOf(user: string): number {
    return this.#seen.get(user)?.rank ?? -1;
  }

  nextOf(user: string): number {
    return this.#seen.get(user)?.next ?? CHUNK_NUMBERS;
  }

  /** Those whose head says less than what was read. */
  *behind(): Generator<{ readonly user: string; readonly next: number }> {
    for (const [user, { noted, next }] of this.#seen) if (next > noted) yield { user, next };
  }

  #of(user: string): Seen {
    const seen = this.#seen.get(user) ?? { rank: -1, noted: 0, next: CHUNK_NUMBERS };
    this.#seen.set(user, seen);
    return seen;
  }
}
