// Whom the bytes in a mailbox's store count for: each sender, so that none can fill it for everybody, the notices that tell of what a
// sender let expire included; and the other notices, which are outside the quota but not without end. Kept with each chunk, because a mailbox is loaded without its items.
import type { MessageItem, NoticeItem } from '#protocol/commands.ts';
import { sizeOf } from './carried.ts';

/** Bytes by the address of the messages' sender; those of notices under NOTICES. */
export type Charges = Readonly<Record<string, number>>;

/** No address. */
export const NOTICES = '';

/** What these items count for; null is an emptied one. */
export function chargesOf(items: readonly (MessageItem | NoticeItem | null)[]): Charges {
  const charges: Record<string, number> = {};
  for (const item of items) {
    if (!item) continue;
    const whom = debtor(item);
    charges[whom] = (charges[whom] ?? 0) + sizeOf(item);
  }
  return charges;
}

/** Who made it necessary: a sender whose messages expire unread leaves notices that say so, as many as he likes. */
function debtor(item: MessageItem | NoticeItem): string {
  if (item.type === 'message') return item.from;
  return item.notice.kind === 'missed' ? item.notice.from : NOTICES;
}

/** The charges of all chunks of a mailbox. */
export class Ledger {
  readonly #bytes = new Map<string, number>();
  #messages = 0;

  /** What counts towards the quota. */
  get messages(): number {
    return this.#messages;
  }

  /** The bytes of one sender, or of NOTICES. */
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
    if (whom !== NOTICES) this.#messages += bytes;
  }
}
