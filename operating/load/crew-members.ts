// The clients of one thread through the phases of a run: accounts, groups, messages, farewell.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Refusal, RequestError, Unavailable } from '../../clients/sdk/index.ts';
import { memoryProfileHome } from '../../clients/sdk/node/memory-home.ts';
import { nodePlatform } from '../../clients/sdk/node/platform.ts';
import { labelled } from './label.ts';
import type { CrewData, Order, Phase, Report } from './messages.ts';
import { nowMs } from './now.ts';
import { patiently } from './patience.ts';
import { Person } from './person.ts';
import { Plan } from './plan.ts';
import { Tallies } from './tallies.ts';

/** Clients that sign up, or leave, at a time. */
const AT_ONCE = 8;
const TICK_MS = 200;

export class CrewMembers {
  readonly #data: CrewData;
  readonly #plan: Plan;
  readonly #report: (report: Report) => void;
  readonly #tallies = new Tallies();
  readonly #people = new Map<number, Person>();
  /** By stream: how many were sent. */
  readonly #counts = new Map<number, number>();
  #addresses: readonly string[] = [];
  readonly #stopping = new AbortController();
  #wake: () => void = () => {};

  constructor(data: CrewData, report: (report: Report) => void) {
    this.#data = data;
    this.#plan = new Plan(data.shape, data.seed);
    this.#report = report;
  }

  /** Resolves when the order is carried out. Throws what this thread cannot go on after. */
  async obey(order: Order): Promise<void> {
    switch (order.type) {
      case 'sign up': {
        await this.#each(order.type, this.#users, (user) => this.#signUp(user));
        const addresses = [...this.#people].map(([user, { address }]) => [user, address] as const);
        return this.#report({ type: 'done', phase: order.type, addresses });
      }
      case 'make groups':
        this.#addresses = order.addresses;
        await this.#makeGroups(order.type);
        break;
      case 'run':
        setInterval(() => this.#tick(), TICK_MS);
        await this.#run(order.startMs, order.endMs);
        break;
      case 'stop':
        this.#stopping.abort();
        return this.#wake();
      case 'leave': {
        const leftBehind = await this.#leave(order.type, order.keep);
        return this.#report({ type: 'done', phase: order.type, leftBehind });
      }
    }
    this.#tick();
    this.#report({ type: 'done', phase: order.type });
  }

  get #users(): number[] {
    const { shape, index, of } = this.#data;
    return Array.from({ length: Math.ceil((shape.users - index) / of) }, (_, place) => index + place * of);
  }

  #groupName(group: number): string {
    return `${this.#data.prefix}-team-${group}@${this.#data.domain}`;
  }

  async #signUp(user: number): Promise<void> {
    const { servers, caBundle, prefix, domain, password, invitations } = this.#data;
    let attempt = 0;
    const person = await this.#patiently(async () => {
      if (this.#stopping.signal.aborted) return undefined;
      attempt += 1;
      // An attempt without an answer may have taken its name.
      const name = attempt === 1 ? `${prefix}-${user}` : `${prefix}-${user}-${attempt}`;
      const transport = caBundle === undefined ? {} : { caBundle };
      const platform = {
        ...nodePlatform({ directory: '', cheapPasswords: true, ...transport }),
        profiles: memoryProfileHome(),
      };
      const invitation = invitations?.[user];
      const credentials = {
        ...{ address: `${name}@${domain}`, password, servers },
        ...(invitation === undefined ? {} : { invitation }),
      };
      return Person.signUp(platform, credentials, {
        accepted: ({ stream, n, dueMs }) => this.#tallies.accepted(stream, n, dueMs, nowMs() - dueMs),
        refused: ({ stream, n }) => this.#tallies.refused(stream, n),
        shown: ({ stream, n, dueMs }, order = -1) =>
          this.#tallies.arrived(user, stream, n, order, dueMs, nowMs() - dueMs),
        trouble: (code) => this.#tallies.trouble(code),
        reconnecting: () => this.#tallies.reconnecting(),
      });
    });
    if (person === undefined) return;
    this.#people.set(user, person);
    await person.connect();
  }

  async #makeGroups(phase: Phase): Promise<void> {
    const { groups } = this.#data.shape;
    const made = [...this.#people].filter(([user]) => user < groups);
    const joined = [...this.#people].map(
      ([user, person]) => groups > 0 && person.joined(this.#groupName(user % groups)),
    );
    await this.#each(phase, made, async ([group, person]) => {
      const members = this.#plan.members(group).map((member) => this.#addressOf(member));
      await this.#patiently(() => person.client.groups.create(this.#groupName(group), { members }));
    });
    await Promise.all(joined);
  }

  async #run(startMs: number, endMs: number): Promise<void> {
    for (let index = 0; !this.#stopping.signal.aborted; index++) {
      const dueMs = startMs + this.#plan.dueMs(index);
      if (dueMs >= endMs) break;
      const { sender, stream, bytes } = this.#plan.due(index);
      const person = this.#people.get(sender);
      if (person === undefined) continue; // another thread's
      await this.#until(dueMs);
      // What this thread could not send in time is not sent at all: the rate was not reached then, and the run ends when it should.
      if (this.#stopping.signal.aborted || nowMs() >= endMs) break;
      const n = this.#counts.get(stream) ?? 0;
      this.#counts.set(stream, n + 1);
      const { to } = this.#plan.stream(stream);
      const address = 'user' in to ? this.#addressOf(to.user) : `#${this.#groupName(to.group)}`;
      this.#tallies.sent(stream, n, nowMs() - dueMs);
      person.send(address, labelled({ stream, n, dueMs }, bytes), { stream, n, dueMs });
    }
  }

  /** Or until nothing more is to be sent. */
  async #until(timeMs: number): Promise<void> {
    const waitMs = timeMs - nowMs();
    // Late already: the clients' sockets come first, or this thread would do nothing but send.
    if (waitMs <= 0) return nextTurn();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, waitMs);
    });
  }

  /** Resolves with how many accounts are still there. */
  async #leave(phase: Phase, keep: boolean): Promise<number> {
    let leftBehind = 0;
    const { groups } = this.#data.shape;
    for (const person of this.#people.values()) person.leaving();
    if (!keep) {
      const made = [...this.#people].filter(([user]) => user < groups);
      await this.#inTurn(made, ([group, person]) =>
        this.#patiently(() => person.client.groups.delete(this.#groupName(group))).catch(onlyRefusals),
      );
    }
    await this.#each(phase, [...this.#people.values()], async ({ client }) => {
      try {
        if (!keep) return await this.#patiently(() => client.deleteAccount(this.#data.password));
      } catch {
        // Said by their number: a server that is away keeps all of them.
      }
      leftBehind += 1;
      await client.close().catch(() => {}); // a profile that is erased already
    });
    return leftBehind;
  }

  #addressOf(user: number): string {
    const address = this.#addresses[user];
    if (address === undefined) throw new RangeError(`There is no user ${user}.`);
    return address;
  }

  #patiently<T>(act: () => Promise<T>): Promise<T> {
    const waiting = (reason: string, seconds: number) => this.#report({ type: 'waiting', reason, seconds });
    const { signal } = this.#stopping;
    // Whoever leaves early waits as long as it takes to leave nothing behind.
    return patiently(act, { waiting, nowMs, ...(signal.aborted ? {} : { hurry: signal }) });
  }

  #each<T>(phase: Phase, all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
    return this.#inTurn(all, async (one) => {
      await act(one);
      this.#report({ type: 'one', phase });
    });
  }

  async #inTurn<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
    const waiting = all.values();
    const work = async (): Promise<void> => {
      for (const one of waiting) await act(one);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  #tick(): void {
    const connected = [...this.#people.values()].filter(({ online }) => online).length;
    this.#report(this.#tallies.take(connected));
  }
}

/** A group that was never made, or whose deletion had no answer, cannot be deleted: no reason to keep accounts. */
function onlyRefusals(error: unknown): void {
  const refused = error instanceof RequestError || error instanceof Refusal || error instanceof Unavailable;
  if (!refused) throw error;
}
