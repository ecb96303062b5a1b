// The book in which every message stands: sent, answered, come to whom, in which order. What it says at the end is the verdict on the
// server, so it decides nothing by itself but what is wrong: purely, from what the clients report, in whatever order their reports come.
import { Arrivals } from './arrivals.ts';
import type { Stream } from './plan.ts';

/** Each with how many, and the first of them in words. */
export type Fault = { readonly count: number; readonly first?: string };
export type Faults = {
  /** Accepted, and not come to somebody: each such delivery. */
  readonly lost: Fault;
  readonly duplicated: Fault;
  /** Come after a later one of its sender, or, in a group, not in the order in which others saw it. */
  readonly misordered: Fault;
  /** Come to somebody whom it was not for, or never sent. */
  readonly strange: Fault;
  /** Neither accepted nor refused. */
  readonly unanswered: Fault;
  /** Refused for good. */
  readonly refused: Fault;
};

type Book = {
  readonly stream: Stream;
  sent: number;
  /** Neither accepted nor refused. */
  readonly open: Set<number>;
  readonly refused: Set<number>;
  readonly arrivals: Map<number, Arrivals>;
};
type Kind = keyof Faults;

export class Ledger {
  readonly #streamOf: (number: number) => Stream;
  readonly #books = new Map<number, Book>();
  /** By group and number in its order: which message has it. */
  readonly #numbers = new Map<string, string>();
  /** By group and member: the last number that was shown. */
  readonly #shown = new Map<string, number>();
  readonly #found = new Map<Kind, { count: number; first?: string }>();
  #sent = 0;
  #accepted = 0;
  #refused = 0;
  #due = 0;
  #arrived = 0;

  constructor(streamOf: (number: number) => Stream) {
    this.#streamOf = streamOf;
  }

  get sent(): number {
    return this.#sent;
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** Different deliveries. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Sent, and not answered yet. */
  get inFlight(): number {
    return this.#sent - this.#accepted - this.#refused;
  }

  /** Nothing is to be waited for any more. */
  get settled(): boolean {
    return this.inFlight === 0 && this.#arrived >= this.#due;
  }

  /** The messages of a stream are sent in the order of their numbers. */
  noteSent(number: number, n: number): void {
    const book = this.#book(number);
    book.sent = n + 1;
    book.open.add(n);
    this.#sent += 1;
  }

  noteAccepted(number: number, n: number): void {
    const book = this.#book(number);
    if (!book.open.delete(n)) return this.#note('strange', () => `${nameOf(number, n, book)} was answered twice`);
    this.#accepted += 1;
    this.#due += book.stream.recipients.length;
  }

  noteRefused(number: number, n: number): void {
    const book = this.#book(number);
    if (!book.open.delete(n)) return this.#note('strange', () => `${nameOf(number, n, book)} was answered twice`);
    book.refused.add(n);
    this.#refused += 1;
    this.#note('refused', () => nameOf(number, n, book));
  }

  /** It was shown to somebody. `order`: its number in the group; undefined: none. */
  noteArrived(recipient: number, number: number, n: number, order: number | undefined): void {
    const book = this.#book(number);
    const what = () => `${nameOf(number, n, book)}, at user ${recipient}`;
    if (!book.stream.recipients.includes(recipient)) return this.#note('strange', what);
    const arrivals = book.arrivals.get(recipient) ?? new Arrivals();
    book.arrivals.set(recipient, arrivals);
    const how = arrivals.take(n);
    if (how === 'again') return this.#note('duplicated', what);
    this.#arrived += 1;
    const inOrder =
      'user' in book.stream.to || this.#isInOrder(book.stream.to.group, recipient, `${number} ${n}`, order);
    if (how === 'late' || !inOrder) this.#note('misordered', what);
  }

  /** As things are now. What is still under way counts as lost or unanswered. */
  faults(): Faults {
    const fault = (kind: Kind): Fault => ({ count: 0, ...this.#found.get(kind) });
    const { lost, unanswered, neverSent } = this.#missing();
    const strange = fault('strange');
    return {
      ...{ lost, duplicated: fault('duplicated'), misordered: fault('misordered'), refused: fault('refused') },
      strange: { ...neverSent, ...strange, count: strange.count + neverSent.count },
      unanswered,
    };
  }

  #missing(): { readonly lost: Fault; readonly unanswered: Fault; readonly neverSent: Fault } {
    const lost = new Counted();
    const unanswered = new Counted();
    const neverSent = new Counted();
    for (const [number, book] of this.#books) {
      for (const n of book.open) unanswered.add(() => nameOf(number, n, book));
      for (const recipient of book.stream.recipients) {
        const arrivals = book.arrivals.get(recipient) ?? new Arrivals();
        const at = (n: number) => () => `${nameOf(number, n, book)}, at user ${recipient}`;
        for (let n = 0; n < book.sent; n++) {
          if (!arrivals.has(n) && !book.open.has(n) && !book.refused.has(n)) lost.add(at(n));
        }
        for (let n = book.sent; n <= arrivals.last; n++) if (arrivals.has(n)) neverSent.add(at(n));
      }
    }
    return { lost: lost.fault, unanswered: unanswered.fault, neverSent: neverSent.fault };
  }

  /** One order for all members, and each is shown it from its beginning to its end. */
  #isInOrder(group: number, recipient: number, message: string, order: number | undefined): boolean {
    if (order === undefined) return false;
    const place = `${group} ${order}`;
    const there = this.#numbers.get(place) ?? message;
    this.#numbers.set(place, there);
    const member = `${group} ${recipient}`;
    const before = this.#shown.get(member) ?? -1;
    this.#shown.set(member, Math.max(before, order));
    return there === message && order > before;
  }

  #book(number: number): Book {
    const known = this.#books.get(number);
    if (known !== undefined) return known;
    const stream = this.#streamOf(number);
    const book: Book = { stream, sent: 0, open: new Set(), refused: new Set(), arrivals: new Map() };
    this.#books.set(number, book);
    return book;
  }

  #note(kind: Kind, what: () => string): void {
    const { count, first } = this.#found.get(kind) ?? { count: 0 };
    this.#found.set(kind, { count: count + 1, first: first ?? what() });
  }
}

class Counted {
  #count = 0;
  #first: string | undefined;

  add(what: () => string): void {
    this.#count += 1;
    this.#first ??= what();
  }

  get fault(): Fault {
    return { count: this.#count, ...(this.#first === undefined ? {} : { first: this.#first }) };
  }
}

function nameOf(stream: number, n: number, { stream: { sender, to } }: Book): string {
  const whom = 'user' in to ? `user ${to.user}` : `group ${to.group}`;
  return `message ${n} of user ${sender} to ${whom} (stream ${stream})`;
}
