// One model-based run in groups: real clients act one after the other or at once, go away and come back, and each act is written down with what
// came of it.
import { encodeBase64 } from '#protocol/base64.ts';
import type { People } from '../../clients/sdk/test/people.ts';
import { type Act, makesSense, type Pick, pickFrom } from './group-acts.ts';
import type { Ledger, LoggedGroup } from './group-ledger.ts';
import { type Standing, standingsOf, type Wish } from './group-model.ts';
import type { User } from './group-users.ts';
import type { Progress } from './progress.ts';

/** So many are there at any time. */
const STAYING_MIN = 3;

/** What the person knew of the group when they acted. */
type Knew = { readonly id: string; readonly index: number } | undefined;

export type Deed = {
  readonly by: string;
  readonly group: string;
  readonly wish: Wish;
  readonly knew: Knew;
  /** By group id: entries that the ledger had when it was begun, and when all that happened at the same time was over. */
  readonly before: ReadonlyMap<string, number>;
  after: ReadonlyMap<string, number>;
  /** Why it was not done; absent: it was. */
  readonly error?: Error;
  /** Of a message that was queued. */
  readonly sent?: { readonly id: string; readonly text: string };
};

export type WorldDeps = {
  readonly people: People;
  readonly users: readonly User[];
  readonly ledger: Ledger;
  readonly progress: Progress;
  /** What happens to the server. */
  readonly faults: readonly (() => Promise<void>)[];
};

/** One run: groups of its own, in the hands of the same people as all runs. */
export class World {
  readonly deeds: Deed[] = [];
  /** Whether the server was hurt: then acts may fail for that, and may have been done all the same. */
  hurt = false;
  readonly #deps: WorldDeps;
  readonly #run: string;
  #texts = 0;

  /** `run`: how the names of its groups begin; no other run has the same. */
  constructor(deps: WorldDeps, run: string) {
    this.#deps = deps;
    this.#run = run;
    for (const user of deps.users) user.forget();
  }

  get users(): readonly User[] {
    return this.#deps.users;
  }

  get ledger(): Ledger {
    return this.#deps.ledger;
  }

  /** How a group is now, as far as the ledger knows; undefined: there is none of that name. */
  standing(group: number): Standing | undefined {
    const last = this.ledger.named(this.nameOf(group)).at(-1);
    return last && standingsOf(last.entries).at(-1);
  }

  nameOf(group: number): string {
    return `${this.#run}.${group}@localhost`;
  }

  /** Those of this run that came to be, by whoever was fastest. */
  get groups(): readonly LoggedGroup[] {
    return [...this.ledger.groups.values()].filter(({ name }) => name.startsWith(`${this.#run}.`));
  }

  isWorth(act: Act): boolean {
    return makesSense(act, 'group' in act ? this.standing(act.group) : undefined);
  }

  /** All of it at once; what one person does stays in order. Resolves when all of it is done; messages may be on their way. */
  async perform(acts: readonly Act[]): Promise<void> {
    const before = this.#lengths();
    const first = this.deeds.length;
    const byActor = Map.groupBy(acts, (act) => (act.do === 'fault' ? undefined : this.#actor(act)));
    const each = [...byActor].map(async ([user, own]) => {
      for (const act of own) {
        if (act.do === 'fault') await this.#fault(act.nth);
        else if (user !== undefined) await this.#act(user, act, before);
      }
    });
    await this.#deps.progress.within(Promise.all(each));
    const after = this.#lengths();
    for (const deed of this.deeds.slice(first)) deed.after = after;
  }

  /** Everybody is there, all that they wrote is answered, and all that the server has for them has come. */
  async settle(): Promise<void> {
    const { people, progress, users } = this.#deps;
    const settled = async () => {
      await Promise.all(users.map((user) => user.comeBack(people)));
      await Promise.all(users.map((user) => user.allSent()));
      // What was accepted stands in the members' queues, and whoever attaches now does so behind it.
      await Promise.all(users.map((user) => user.leave()));
      await Promise.all(users.map((user) => user.comeBack(people)));
      await Promise.all(
        users.map((user) => user.person.until(({ heard }) => heard.some(({ type }) => type === 'synced'))),
      );
      await Promise.all(users.map((user) => user.readJournal()));
    };
    await progress.within(settled());
  }

  /** Of the act that somebody does who is there; who comes back is not. */
  #actor(act: Exclude<Act, { do: 'fault' }>): User {
    const there = this.users.filter(({ away }) => away === (act.do === 'back'));
    const among = there.length > 0 ? there : this.users;
    const standing = 'group' in act ? this.standing(act.group) : undefined;
    return this.#user(this.#pick(among, standing, act.by));
  }

  #pick(among: readonly User[], standing: Standing | undefined, pick: Pick): string {
    return pickFrom(
      among.map(({ address }) => address),
      standing,
      pick,
    );
  }

  #user(address: string): User {
    const user = this.users.find((one) => one.address === address);
    if (user === undefined) throw new Error(`${address} is nobody`);
    return user;
  }

  async #fault(nth: number): Promise<void> {
    const { faults } = this.#deps;
    this.hurt = true;
    await faults[nth % faults.length]?.();
  }

  async #act(user: User, act: Exclude<Act, { do: 'fault' }>, before: Deed['before']): Promise<void> {
    if (act.do === 'away' || act.do === 'back') return this.#comeOrGo(user, act.do);
    // They may have gone away in the same breath.
    if (user.away) return;
    if (act.do === 'send') return this.#send(user, act, before);
    const { groups } = user.person.client;
    const standing = this.standing(act.group);
    const name = this.nameOf(act.group);
    const pick = (one: Pick) => this.#pick(this.users, standing, one);
    const deed = (wish: Wish, done: () => Promise<unknown>) => this.#deed(user, name, wish, before, done);
    switch (act.do) {
      case 'create': {
        const members = act.whom.map(pick);
        return deed({ type: 'create', whom: members }, () => groups.create(name, { open: act.open, members }));
      }
      case 'join':
        return deed({ type: 'join' }, () => groups.join(name));
      case 'leave':
        return deed({ type: 'leave' }, () => groups.leave(name));
      case 'delete':
        return deed({ type: 'delete' }, () => groups.delete(name));
      case 'add': {
        const whom = act.whom.map(pick);
        return deed({ type: 'add', whom }, () => groups.add(name, whom));
      }
      case 'remove': {
        const whom = pick(act.whom);
        return deed({ type: 'remove', whom }, () => groups.remove(name, whom));
      }
      case 'admin': {
        const whom = pick(act.whom);
        return deed({ type: 'admin', whom, role: act.role }, () => groups.setRole(name, whom, act.role));
      }
    }
  }

  async #comeOrGo(user: User, act: 'away' | 'back'): Promise<void> {
    if (act === 'back') await user.comeBack(this.#deps.people);
    else if (this.users.filter(({ away }) => !away).length > STAYING_MIN) await user.leave();
  }

  async #deed(
    user: User,
    group: string,
    wish: Wish,
    before: Deed['before'],
    done: () => Promise<unknown>,
  ): Promise<void> {
    const told = { by: user.address, group, wish, knew: await knownBy(user, group), before, after: before };
    try {
      await done();
      this.deeds.push(told);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.deeds.push({ ...told, error });
    }
  }

  /** The same texts to each group: queued; what the server says of them comes later. */
  async #send(user: User, act: Extract<Act, { do: 'send' }>, before: Deed['before']): Promise<void> {
    const names = [...new Set([act.group, ...act.also])].map((group) => this.nameOf(group));
    const texts = Array.from({ length: act.texts }, () => `text ${this.#texts++} of ${this.#run}`);
    const knew = new Map<string, Knew>();
    for (const name of names) knew.set(name, await knownBy(user, name));
    const targets = names.map((name) => `#${name}`);
    const results = await user.person.client.send(targets, texts);
    for (const [place, result] of results.entries()) {
      const group = names[place] ?? '';
      const told = { by: user.address, group, wish: { type: 'send' }, before, after: before } as const;
      const both = { ...told, knew: knew.get(group) };
      if ('error' in result) this.deeds.push({ ...both, error: result.error });
      else for (const [n, id] of result.ids.entries()) this.deeds.push({ ...both, sent: { id, text: texts[n] ?? '' } });
    }
  }

  #lengths(): Map<string, number> {
    const { groups } = this.#deps.ledger;
    return new Map([...groups].map(([id, group]) => [id, group.entries.length]));
  }
}

async function knownBy({ person }: User, group: string): Promise<Knew> {
  const record = await person.client.groups.find(group);
  return record && { id: encodeBase64(record.id), index: record.state.position.index };
}
