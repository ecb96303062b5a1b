// Whom the bytes in a mailbox's store count for: each sender, so that none can fill it for everybody, the notices that tell of what a
// sender let expire included; and what is outside the quota but not without end: the other notices, and groups' entries by who wrote
// them. Kept with each chunk, because a mailbox is loaded without its items.
import { type MailboxItem, sizeOf } from './item.ts';

/** Bytes by the address of the messages' sender; those of notices under NOTICES, those of entries under their author's mark. */
export type Charges = Readonly<Record<string, number>>;

/** No address. */
const NOTICES = '';

const ENTRIES_MARK = '#';

/** What the entries that this person wrote count under: no address, which begins with a letter or digit. */
export const entriesBy = (author: string): string => `${ENTRIES_MARK}${author}`;

/** What these items count for; null is an emptied one. */
export function chargesOf(items: readonly (MailboxItem | null)[]): Charges {
  const charges: Record<string, number> = {};
  for (const item of items) {
    if (!item) continue;
    const whom = debtor(item);
    charges[whom] = (charges[whom] ?? 0) + sizeOf(item);
  }
  return charges;
}

/** Who made it necessary: a sender whose messages expire unread leaves notices that say so, as many as he likes. */
function debtor(item: MailboxItem): string {
  if (item.type === 'message') return item.from;
  if (item.type === 'entries') return entriesBy(item.from);
  return item.notice.kind === 'missed' ? item.notice.from : NOTICES;
}

/** All that is charged, to whomever. */
export function bytesIn(charges: Charges): number {
  return Object.values(charges).reduce((sum, bytes) => sum + bytes, 0);
}

/** The charges of all chunks of a mailbox. */
export class Ledger {
  readonly #bytes = new Map<string, number>();
  #messages = 0;
  #beside = 0;

  /** What counts towards the quota. */
  get messages(): number {
    return this.#messages;
  }

  /** What is outside the quota: notices and entries. */
  get beside(): number {
    return this.#beside;
  }

  /** The bytes of one sender, or of `entriesBy` somebody. */
  of(whom: string): number {
    return this.#bytes.get(whom) ?? 0;
  }

  add(charges: Charges): void {
    for (const [whom, bytes] of Object.entries(charges)) this.#change(whom, bytes);
  }

  remove(charges: Charges): void {
    for (const [whom, bytes] of Object.entries(charges)) this.#change(whom, -bytes);
  }

  #change(whom: string, bytes: number): void {
    const sum = this.of(whom) + bytes;
    if (sum > 0) this.#bytes.set(whom, sum);
    else this.#bytes.delete(whom);
    if (whom === NOTICES || whom.startsWith(ENTRIES_MARK)) this.#beside += bytes;
    else this.#messages += bytes;
  }
}
