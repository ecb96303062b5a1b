// The promise that everything else hangs on (DESIGN section 3): what was accepted arrives once, in order, whatever is killed when.
import { describe, expect, test } from 'vitest';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import { ServerProcess } from '../server.fixture.ts';
import { addressOf, faultsOf, nameOf, plansOf, randomFrom, Seen, textsOf, USERS } from './traffic.ts';

type Scale = { readonly messages: number; readonly kills: number; readonly inMemory: boolean; readonly where: string };
const SCALES: readonly Scale[] = [
  { messages: 10_000, kills: 10, inMemory: true, where: 'in memory' },
  { messages: 1_000, kills: 3, inMemory: false, where: 'on a disk' },
];
/** Share of the bursts whose sender waits for the server before it goes on; the others run ahead into the outbox. */
const WAITING_SHARE = 0.5;
/** How often those who come and go leave after something happened, and for how many bursts of those who stay at most. */
const LEAVING_SHARE = 0.1;
const AWAY_BURSTS_MAX = 20;
/** Nothing was shown to anybody for this long: something is lost, or hangs. Longer than the longest backoff of a client. */
const STALL_MAX_MS = 45_000;
const TEST_MAX_MS = 300_000;

/** What a person's history holds after one more drain: whatever the server would still repeat has come by then. */
async function keptBy(people: People, person: Person): Promise<Seen> {
  await person.client.close();
  const again = await people.reopen(person);
  await again.online();
  await again.until(() => again.of('synced').length > 0);
  const kept = new Seen();
  for (const { conversation } of await again.client.history.conversations()) {
    const entries = await again.client.history.after(conversation, Number.MAX_SAFE_INTEGER, 0);
    for (const entry of entries) if (!entry.own) kept.show(entry);
  }
  return kept;
}

/** Resolves once the server has accepted this message. */
function acceptedBy({ client }: Person, id: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.on((event) => {
      if (event.type !== 'accepted' || event.id !== id) return;
      stop();
      resolve();
    });
  });
}

/** Conditions that are asked again whenever anything has happened; rejected all together when nothing happens any more. */
class Progress {
  readonly #total: () => number;
  readonly #stalled = Promise.withResolvers<never>();
  readonly #watchdog: NodeJS.Timeout;
  #happened = Promise.withResolvers<void>();

  constructor(total: () => number, report: () => string) {
    this.#total = total;
    this.#stalled.promise.catch(() => {});
    let before = -1;
    this.#watchdog = setInterval(() => {
      if (this.#total() === before) this.#stalled.reject(new Error(report()));
      before = this.#total();
    }, STALL_MAX_MS);
  }

  made(): void {
    this.#happened.resolve();
    this.#happened = Promise.withResolvers();
  }

  async until(ready: () => boolean): Promise<void> {
    while (!ready()) await this.within(this.#happened.promise);
  }

  /** The promise, unless nothing happens any more. */
  within<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#stalled.promise]);
  }

  end(): void {
    clearInterval(this.#watchdog);
  }
}

/** Runs the plans of all users against a server that is killed in between. Returns what is wrong. */
async function run(seed: number, { messages, kills }: Scale, server: ServerProcess, people: People): Promise<string[]> {
  const random = randomFrom(seed);
  const plans = plansOf(random, textsOf(seed, messages));
  const users = await Promise.all(plans.map((_, user) => people.signUp(nameOf(user))));
  await Promise.all(users.map((person) => person.online()));
  const seen = users.map(() => new Seen());
  const total = (): number => seen.reduce((sum, one) => sum + one.total, 0);
  const progress = new Progress(total, () => {
    const states = users.map(({ client }, user) => `${nameOf(user)} ${client.state.type}`);
    const lines = [`seed ${seed}: nothing more comes after ${total()} of ${messages}`, states.join(', ')];
    return [...lines, ...faultsOf(plans, seen), server.stderr.slice(-2_000)].join('\n');
  });
  const stays = (user: number): boolean => user % 2 === 1;
  let burstsLeft = plans.reduce((sum, list, user) => sum + (stays(user) ? list.length : 0), 0);
  let done = false;

  const live = async (user: number): Promise<void> => {
    let person = users[user] as Person; // one for each user
    let taken = 0;
    for (let next = 0; ; ) {
      const plan = plans[user]?.[next];
      if (plan) {
        const [result] = await progress.within(person.client.send([addressOf(plan.to)], plan.texts));
        if (result === undefined || 'error' in result) throw result?.error ?? new Error('no result');
        if (random() < WAITING_SHARE) await progress.within(acceptedBy(person, result.ids.at(-1) ?? ''));
        next += 1;
        if (stays(user)) burstsLeft -= 1;
      } else if (done) {
        return;
      } else {
        await progress.within(person.until(() => done || person.heard.length > taken));
      }
      taken = seen[user]?.take(person, taken) ?? 0;
      progress.made();
      if (stays(user) || done || random() >= LEAVING_SHARE) continue;
      await person.client.close();
      seen[user]?.take(person, taken);
      const back = burstsLeft - Math.floor(random() * AWAY_BURSTS_MAX);
      await progress.until(() => burstsLeft <= Math.max(0, back));
      person = await people.reopen(person);
      users[user] = person;
      taken = 0;
      await person.client.connect({ receive: true });
    }
  };

  try {
    const lives = Promise.all(plans.map((_, user) => live(user)));
    lives.catch(() => {}); // it is awaited below, wherever it fails
    for (let kill = 1; kill <= kills; kill += 1) {
      await Promise.race([progress.until(() => total() >= (kill * messages) / (kills + 1)), lives]);
      await server.kill();
      await server.restart();
    }
    await Promise.race([progress.until(() => total() >= messages), lives]);
    done = true;
    for (const person of users) person.wakeUp();
    await lives;
    const kept = await progress.within(Promise.all(users.map((person) => keptBy(people, person))));
    return [...faultsOf(plans, seen), ...faultsOf(plans, kept).map((fault) => `in the history: ${fault}`)];
  } finally {
    progress.end();
  }
}

describe('kill -9', () => {
  for (const scale of SCALES) {
    const { messages, kills, inMemory, where } = scale;
    test(
      `${messages} messages between ${USERS} users with profiles ${where}, half of them coming and going, over ${kills} kills: each arrives once, in order`,
      async () => {
        const seed = Date.now() & 0x7fffffff;
        const server = await ServerProcess.start(['--rate-factor', '1000', '--tries-per-source', '1000']);
        const people = new People([server.url], { inMemory });
        try {
          expect({ seed, faults: await run(seed, scale, server, people) }).toEqual({ seed, faults: [] });
        } finally {
          await people.end();
          await server.remove();
        }
      },
      TEST_MAX_MS,
    );
  }
});
