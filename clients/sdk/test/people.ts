// People for tests: clients with profiles in directories of their own, and promises of what they tell.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../client.ts';
import type { ClientEvent } from '../events.ts';
import { memoryProfileHome } from '../node/memory-home.ts';
import { nodePlatform } from '../node/platform.ts';
import type { Platform } from '../platform.ts';
import type { ProfileEvent } from '../profile/profile.ts';

export const PASSWORD = 'lantern quarry biscuit';

type Told = ClientEvent | ProfileEvent;
/** The members of a union whose `type` may be T. */
type Of<E, T> = E extends { type: infer U } ? (T extends U ? E : never) : never;

/** A client with all that it told, live events and journal alike. */
export class Person {
  readonly client: Client;
  readonly platform: Platform;
  readonly heard: Told[] = [];
  #printing = false;
  #again = false;
  #waiters: (() => void)[] = [];

  constructor(client: Client, platform: Platform) {
    this.client = client;
    this.platform = platform;
    client.on((event) => {
      this.#hear(event);
      void this.#print();
    });
    void this.#print();
  }

  get texts(): string[] {
    return this.heard.flatMap((event) =>
      event.type === 'message' ? [new TextDecoder().decode(event.entry.content.subarray(1))] : [],
    );
  }

  of<T extends Told['type']>(type: T): Of<Told, T>[] {
    // Narrowed by the very filter.
    return this.heard.filter((event) => event.type === type) as Of<Told, T>[];
  }

  /** Resolves once `ready` holds; asked after each event. */
  async until(ready: (person: this) => boolean): Promise<void> {
    while (!ready(this)) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async online({ receive = true } = {}): Promise<void> {
    await this.client.connect({ receive });
    await this.client.online();
  }

  /** Sends and waits until the server has accepted it all. */
  async say(to: string, ...texts: string[]): Promise<readonly string[]> {
    const [result] = await this.client.send([to], texts);
    if (result === undefined || 'error' in result) throw result?.error ?? new Error('no result');
    await this.until(() => result.ids.every((id) => this.of('accepted').some((event) => event.id === id)));
    return result.ids;
  }

  /** Has all that wait ask again, because something else than an event made them ready. */
  wakeUp(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #hear(event: Told): void {
    this.heard.push(event);
    this.wakeUp();
  }

  async #print(): Promise<void> {
    this.#again = true;
    if (this.#printing) return;
    this.#printing = true;
    try {
      while (this.#again) {
        this.#again = false;
        const { more } = await this.client.journal.printNext(100, (event) => {
          this.#hear(event);
          return 'more';
        });
        this.#again ||= more;
      }
    } catch {
      // The profile was closed under it: there is nothing more to print.
    } finally {
      this.#printing = false;
    }
  }
}

/** `inMemory`: profiles that a crash of this process would lose, for tests of servers with many messages. */
export type PeopleOptions = { readonly inMemory?: boolean };

/** Makes people at one server and takes them and their directories away again. */
export class People {
  readonly #servers: readonly string[];
  readonly #inMemory: boolean;
  readonly #directories: string[] = [];
  readonly #clients: Client[] = [];

  constructor(servers: readonly string[], { inMemory = false }: PeopleOptions = {}) {
    this.#servers = servers;
    this.#inMemory = inMemory;
  }

  async platform(): Promise<Platform> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-'));
    this.#directories.push(directory);
    const platform = nodePlatform({ directory: join(directory, 'profile'), cheapPasswords: true });
    return this.#inMemory ? { ...platform, profiles: memoryProfileHome() } : platform;
  }

  async signUp(name: string, password = PASSWORD): Promise<Person> {
    const platform = await this.platform();
    return this.#person(
      await Client.signUp(platform, { address: `${name}@localhost`, password, servers: this.#servers }),
      platform,
    );
  }

  /** New people by their names, each in a session. */
  async online<Name extends string>(...names: readonly Name[]): Promise<Record<Name, Person>> {
    const all = names.map(async (name) => {
      const person = await this.signUp(name);
      await person.online();
      return [name, person] as const;
    });
    return Object.fromEntries(await Promise.all(all)) as Record<Name, Person>; // one for each name
  }

  /** Another device of the same account. */
  async logIn(name: string, password = PASSWORD): Promise<Person> {
    const platform = await this.platform();
    return this.#person(
      await Client.logIn(platform, { address: `${name}@localhost`, password, servers: this.#servers }),
      platform,
    );
  }

  /** The same device again, as a new process would open it. */
  async reopen({ platform }: Pick<Person, 'platform'>, password = PASSWORD): Promise<Person> {
    return this.#person(await Client.open(platform, password), platform);
  }

  /** Has `end` close what a test opened by itself. */
  keep(person: Person): void {
    this.#clients.push(person.client);
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.close()));
    await Promise.all(this.#directories.map((directory) => rm(directory, { recursive: true, force: true })));
  }

  #person(client: Client, platform: Platform): Person {
    this.#clients.push(client);
    return new Person(client, platform);
  }
}
