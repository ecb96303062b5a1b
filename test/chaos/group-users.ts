// The people of a model-based run in groups: each uses one client after the other, on wires that the ledger listens to.
import type { Platform } from '../../clients/sdk/platform.ts';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import type { Ledger } from './group-ledger.ts';

type Heard = Person['heard'][number];

/** People whose wires the ledger listens to. */
export class TappedPeople extends People {
  readonly #ledger: Ledger;

  constructor(servers: readonly string[], ledger: Ledger) {
    super(servers, { inMemory: true });
    this.#ledger = ledger;
  }

  override async platform(): Promise<Platform> {
    const platform = await super.platform();
    return { ...platform, transport: this.#ledger.tapped(platform.transport) };
  }
}

/** One of the people, over all the clients that they use one after the other. */
export class User {
  readonly address: string;
  person: Person;
  away = false;
  /** Events of earlier clients. */
  readonly #earlier: Heard[] = [];

  constructor(person: Person) {
    this.person = person;
    this.address = person.client.account.address;
  }

  get heard(): readonly Heard[] {
    return [...this.#earlier, ...this.person.heard];
  }

  /** What was heard before this run is no matter of it. */
  forget(): void {
    this.#earlier.length = 0;
    this.person.heard.length = 0;
  }

  async leave(): Promise<void> {
    this.away = true;
    await this.person.client.close();
  }

  async comeBack(people: People): Promise<void> {
    if (!this.away) return;
    this.#earlier.push(...this.person.heard);
    this.person = await people.reopen(this.person);
    await this.person.online();
    this.away = false;
  }

  /** Resolves when the server has answered all that is queued. */
  async allSent(): Promise<void> {
    for (;;) {
      const { length } = this.person.heard;
      if ((await this.person.client.outboxSize()) === 0) return;
      await this.person.until(({ heard }) => heard.length > length);
    }
  }

  /** Reads what the journal has left; what another reader has in hand is on its way. */
  async readJournal(): Promise<void> {
    for (;;) {
      const { busy, more } = await this.person.client.journal.printNext(1_000, (event) => {
        this.person.heard.push(event);
        return 'more';
      });
      if (!busy && !more) return;
      await new Promise(setImmediate);
    }
  }
}
