// What becomes of own messages, said while it happens: a short line that names the message. What changes at nearly the same time is one line, and
// of one message only the last of it: accepted and delivered at once says delivered.
import { markOf } from '../states.ts';
import { quoted } from './chat-lines.ts';

/** Of so many messages the beginning is known, to name them by. */
const NAMED_MESSAGES_MAX = 1_000;

export type Fate = 'accepted' | 'delivered' | 'read' | 'expired';

const WHAT: Record<Fate, (who: string) => string> = {
  accepted: (who) => `accepted for ${who}`,
  delivered: (who) => `delivered to ${who}`,
  read: (who) => `read by ${who}`,
  expired: (who) => `expired before ${who} took it`,
};

const RANK: Record<Fate, number> = { accepted: 1, expired: 2, delivered: 3, read: 4 };

type Change = { readonly id: string; readonly fate: Fate; readonly who: string };

export class Fates {
  readonly #texts = new Map<string, string>();
  /** By message, in the order in which they changed first. */
  readonly #changes = new Map<string, Change>();

  /** A message is in the outbox. */
  sent(id: string, text: string): void {
    this.#texts.set(id, quoted(text));
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > NAMED_MESSAGES_MAX && oldest !== undefined) this.#texts.delete(oldest);
  }

  /** How a message begins, if it was sent from here. */
  named(id: string): string | undefined {
    return this.#texts.get(id);
  }

  /** `who`: as they are called on the line. A state only rises: the answer to a message may come behind its delivery. */
  changed(id: string, fate: Fate, who: string): void {
    const before = this.#changes.get(id);
    if (before === undefined || RANK[fate] >= RANK[before.fate]) this.#changes.set(id, { id, fate, who });
  }

  get waiting(): boolean {
    return this.#changes.size > 0;
  }

  /** A line for each thing that happened, which says to how many; begins anew. */
  take(): string[] {
    const alike = new Map<string, Change[]>();
    for (const change of this.#changes.values()) {
      const key = `${change.fate} ${change.who}`;
      alike.set(key, [...(alike.get(key) ?? []), change]);
    }
    this.#changes.clear();
    return [...alike.values()].map((changes) => this.#line(changes));
  }

  #line(changes: readonly Change[]): string {
    const last = changes.at(-1) as Change; // there is one at least
    const name = this.#texts.get(last.id);
    const what = WHAT[last.fate](last.who);
    const mark = markOf(last.fate);
    const begin = mark.startsWith('(') ? '  ' : `  ${mark} `;
    if (changes.length > 1)
      return `${begin}${changes.length} messages ${what}${name === undefined ? '' : `, the last: ${name}`}`;
    return `${begin}${what}: ${name ?? 'a message'}`;
  }
}
