// What becomes of own messages, said while it happens: a short line that names the message. What changes at nearly the same time is one line, and
// of one message only the last of it: accepted and delivered at once says delivered. Of a message to a group it is said how many have it, when the
// first have it and when all do: /status knows what is so in between.
import { type Counts, markOf } from '../states.ts';
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

/** Where the message is, by which its counts are found. */
export type InGroup = { readonly conversation: string; readonly device: string };
type Change = { readonly id: string; readonly fate: Fate; readonly who: string | InGroup };
/** `name`: of the group, as on the line. Undefined: nothing is known of the message any more. */
type CountsOf = (id: string, group: InGroup) => Promise<{ readonly counts: Counts; readonly name: string } | undefined>;

export class Fates {
  readonly #texts = new Map<string, string>();
  /** By message, in the order in which they changed first. */
  readonly #changes = new Map<string, Change>();
  /** Of messages to groups, what was said of it. */
  readonly #told = new Map<string, Set<Fate>>();

  /** A message is in the outbox. */
  sent(id: string, text: string): void {
    this.#texts.set(id, quoted(text));
    withoutOldest(this.#texts);
  }

  /** How a message begins, if it was sent from here. */
  named(id: string): string | undefined {
    return this.#texts.get(id);
  }

  /** `who`: as they are called on the line. A state only rises: the answer to a message may come behind its delivery. */
  changed(id: string, fate: Fate, who: string): void {
    this.#change({ id, fate, who });
  }

  /** Likewise, of a message to a group: for one of its members at least. */
  changedInGroup(id: string, fate: Exclude<Fate, 'accepted'>, group: InGroup): void {
    this.#change({ id, fate, who: group });
  }

  get waiting(): boolean {
    return this.#changes.size > 0;
  }

  /** A line for each thing that happened, which says to how many; begins anew. */
  async take(countsOf: CountsOf = async () => undefined): Promise<string[]> {
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    const alike = new Map<string, { readonly change: Change; readonly who: string; count: number }>();
    for (const change of changes) {
      const { id, fate, who } = change;
      const called = typeof who === 'string' ? who : await this.#inGroup(id, fate, who, countsOf);
      if (called === undefined) continue;
      const key = `${fate} ${called}`;
      alike.set(key, { change, who: called, count: (alike.get(key)?.count ?? 0) + 1 });
    }
    return [...alike.values()].map(({ change, who, count }) => this.#line(change, who, count));
  }

  #change(change: Change): void {
    const before = this.#changes.get(change.id);
    if (before === undefined || RANK[change.fate] >= RANK[before.fate]) this.#changes.set(change.id, change);
  }

  /** Who that is, where it is to be told: `3 of 7 in #team`. */
  async #inGroup(id: string, fate: Fate, group: InGroup, countsOf: CountsOf): Promise<string | undefined> {
    const found = await countsOf(id, group);
    if (found === undefined || fate === 'accepted') return undefined;
    const { counts, name } = found;
    const told = this.#told.get(id) ?? new Set();
    if (fate !== 'expired' && told.has(fate) && counts[fate] < counts.of) return undefined;
    this.#told.set(id, told.add(fate));
    withoutOldest(this.#told);
    return `${counts[fate]} of ${counts.of} in ${name}`;
  }

  #line({ id, fate }: Change, who: string, count: number): string {
    const name = this.#texts.get(id);
    const what = WHAT[fate](who);
    const mark = markOf(fate);
    const begin = mark.startsWith('(') ? '  ' : `  ${mark} `;
    if (count > 1) return `${begin}${count} messages ${what}${name === undefined ? '' : `, the last: ${name}`}`;
    return `${begin}${what}: ${name ?? 'a message'}`;
  }
}

function withoutOldest(texts: Map<string, unknown>): void {
  const [oldest] = texts.keys();
  if (texts.size > NAMED_MESSAGES_MAX && oldest !== undefined) texts.delete(oldest);
}
