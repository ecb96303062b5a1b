// Who of this gateway's sessions watches whom, and the pushes that follow. Nobody else is told anything.
import type { Push } from '#protocol/frames/server.ts';
import { WATCHED_MAX } from '#protocol/limits.ts';
import { Person, type Time } from './presence-person.ts';

/** Of all sessions of an account at this gateway: a device may have any number of them that only send. */
const WATCHED_BY_ACCOUNT_MAX = 8 * WATCHED_MAX;

/** A session that may watch. `show` pushes a frame that no mailbox sent. */
export interface Onlooker {
  readonly session: { readonly address: string } | undefined;
  show(frame: Push): void;
}

export type WatchingDeps = {
  /** Whether this gateway itself has a session of the person that others may see. */
  readonly isHere: (address: string) => boolean;
  /** Has the mailbox tell `seen`. */
  readonly askLastSeen: (address: string) => void;
  readonly time: () => Time;
};

export class Watching {
  readonly #deps: WatchingDeps;
  readonly #persons = new Map<string, Person<Onlooker>>();
  readonly #watched = new Map<Onlooker, ReadonlySet<string>>();

  constructor(deps: WatchingDeps) {
    this.#deps = deps;
  }

  /** Persons. */
  get size(): number {
    return this.#persons.size;
  }

  get addresses(): Iterable<string> {
    return this.#persons.keys();
  }

  /** Whether the sessions of its account here may watch so many with it: each person who is watched costs a kilobyte, and a look a second. */
  hasRoom(onlooker: Onlooker, count: number): boolean {
    const address = onlooker.session?.address;
    let sum = count;
    for (const [other, watched] of this.#watched) {
      if (other !== onlooker && other.session?.address === address) sum += watched.size;
    }
    return sum <= WATCHED_BY_ACCOUNT_MAX;
  }

  /** From now on the session watches these and no others; of those that it did not watch before it is told what is known. Returns whom nobody here watched before. */
  watch(onlooker: Onlooker, addresses: readonly string[]): readonly string[] {
    const before = this.#watched.get(onlooker);
    const wanted = new Set(addresses);
    for (const address of before ?? []) if (!wanted.has(address)) this.#leave(address, onlooker);
    if (wanted.size > 0) this.#watched.set(onlooker, wanted);
    else this.#watched.delete(onlooker);
    const strangers: string[] = [];
    for (const address of wanted) {
      if (before?.has(address)) continue;
      if (!this.#persons.has(address)) strangers.push(address);
      this.#join(address, onlooker);
    }
    return strangers;
  }

  forget(onlooker: Onlooker): void {
    for (const address of this.#watched.get(onlooker) ?? []) this.#leave(address, onlooker);
    this.#watched.delete(onlooker);
  }

  /** The sessions that watch a person. */
  of(address: string): Iterable<Onlooker> {
    return this.#persons.get(address)?.watchers ?? [];
  }

  /** A gateway says that it has a session of the person, or none any more. */
  heard(gateway: string, address: string, here: boolean): void {
    const person = this.#persons.get(address);
    if (!person) return;
    if (here) person.confirm(gateway, this.#deps.time());
    else person.deny(gateway);
    this.refresh(address);
  }

  /** What the mailbox says of a person. */
  seen(address: string, at: number | undefined): void {
    const person = this.#persons.get(address);
    if (!person) return;
    person.seen(at);
    this.#tell(address, person);
  }

  /** This gateway's own sessions of the person have changed, or what is known of others. */
  refresh(address: string): void {
    const person = this.#persons.get(address);
    if (!person) return;
    person.update(this.#deps.isHere(address), this.#deps.time());
    this.#tell(address, person);
  }

  /** To be called every second: what is too old is over, and what was held back is told. */
  look(): void {
    const time = this.#deps.time();
    for (const [address, person] of this.#persons) {
      if (person.look(this.#deps.isHere(address), time)) this.#deps.askLastSeen(address);
      this.#tell(address, person);
    }
  }

  #join(address: string, onlooker: Onlooker): void {
    const person = this.#persons.get(address) ?? new Person<Onlooker>(this.#deps.time().monotonic);
    this.#persons.set(address, person);
    person.watchers.add(onlooker);
    if (person.state) return onlooker.show({ type: 'presence', address, ...person.state });
    this.refresh(address);
  }

  #leave(address: string, onlooker: Onlooker): void {
    const person = this.#persons.get(address);
    person?.watchers.delete(onlooker);
    if (person?.watchers.size === 0) this.#persons.delete(address);
  }

  #tell(address: string, person: Person<Onlooker>): void {
    const news = person.news(this.#deps.time());
    if (!news) return;
    for (const onlooker of person.watchers) onlooker.show({ type: 'presence', address, ...news });
  }
}
