// The rule that keeps order across refusals (DESIGN section 3, Sends): a retryable refusal of one number refuses the later numbers of
// that conversation until it comes again. Gateway and mailbox both refuse, so both keep it.

/** A number of a sender's device in a conversation. */
export type Numbered = { readonly device: string; readonly conversation: string; readonly seq: number };

/** Conversations with a refused number that are remembered; the oldest is forgotten. */
const REFUSED_MAX = 512;

export class RefusedNumbers {
  #lowest: Map<string, number> | undefined; // most never refuse anything

  refuse(item: Numbered): void {
    this.#lowest ??= new Map();
    const key = place(item);
    this.#lowest.set(key, Math.min(item.seq, this.#lowest.get(key) ?? item.seq));
    const [oldest] = this.#lowest.size > REFUSED_MAX ? this.#lowest.keys() : [];
    if (oldest !== undefined) this.#lowest.delete(oldest);
  }

  /** True if an earlier number of its conversation was refused and has not come again. */
  mustWait(item: Numbered): boolean {
    return this.#lowest !== undefined && item.seq > (this.#lowest.get(place(item)) ?? item.seq);
  }

  /** The number was taken: if it is the one that was refused, what comes after it may follow. */
  admit(item: Numbered): void {
    if (this.#lowest?.get(place(item)) === item.seq) this.#lowest.delete(place(item));
  }
}

const place = ({ device, conversation }: Numbered): string => `${device} ${conversation}`;
