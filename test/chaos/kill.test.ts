// The promise that everything else hangs on (DESIGN section 3): what was accepted arrives once, in order, whatever is killed when.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import { RealServer } from '../e2e/real-server.ts';

const USERS = 20;
const MESSAGES = 10_000;
const KILLS = 10;
/** Messages that one act of sending queues at most. */
const BURST_MAX = 25;
/** Share of the bursts whose sender waits for the server before it goes on; the others run ahead into the outbox. */
const WAITING_SHARE = 0.5;
/** How often those who come and go leave after something happened, and for how many bursts of those who stay at most. */
const LEAVING_SHARE = 0.1;
const AWAY_BURSTS_MAX = 20;
/** Nothing was shown to anybody for this long: something is lost, or hangs. Longer than the longest backoff of a client. */
const STALL_MAX_MS = 45_000;
const TEST_MAX_MS = 300_000;

/** Numbers from 0 up to (not including) 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Texts of random sizes and scripts, each naming its place in its conversation. */
function textsOf(seed: number, count: number): string[] {
  const unicode = fc.string({ unit: 'binary', maxLength: 40 });
  const bodies = fc.sample(unicode, { seed, numRuns: count });
  const random = randomFrom(seed);
  return bodies.map((body, index) => {
    const repeats = random() < 0.02 ? 400 : Math.floor(random() * 30);
    return `${index} ${body.toWellFormed().repeat(repeats)}`;
  });
}

type Plan = { readonly to: number; readonly texts: readonly string[] };

/** Who writes what to whom: per user a list of bursts. */
function plansOf(random: () => number, texts: readonly string[]): Plan[][] {
  const plans: Plan[][] = Array.from({ length: USERS }, () => []);
  for (let start = 0; start < texts.length; ) {
    const from = Math.floor(random() * USERS);
    const to = (from + 1 + Math.floor(random() * (USERS - 1))) % USERS;
    const size = 1 + Math.floor(random() * BURST_MAX);
    plans[from]?.push({ to, texts: texts.slice(start, start + size) });
    start += size;
  }
  return plans;
}

const nameOf = (user: number): string => `user${user}`;
const addressOf = (user: number): string => `${nameOf(user)}@localhost`;

/** What a person was shown, by sender; over all the processes that the person used. */
class Seen {
  readonly bySender = new Map<string, string[]>();
  readonly troubles: string[] = [];
  total = 0;

  take(person: Person, from: number): number {
    for (const event of person.heard.slice(from)) {
      if (event.type === 'message') {
        const texts = this.bySender.get(event.entry.from) ?? [];
        texts.push(new TextDecoder().decode(event.entry.content.subarray(1)));
        this.bySender.set(event.entry.from, texts);
        this.total += 1;
      } else if (event.type === 'gap' || event.type === 'unreadable' || event.type === 'refused') {
        this.troubles.push(event.type);
      }
    }
    return person.heard.length;
  }
}

/** Each user's texts by sender, in the order in which they must be shown. */
function expectedOf(plans: readonly Plan[][]): Map<string, string[]>[] {
  const expected = plans.map(() => new Map<string, string[]>());
  plans.forEach((list, from) => {
    for (const { to, texts } of list) {
      const bySender = expected[to] as Map<string, string[]>; // one for each user
      bySender.set(addressOf(from), [...(bySender.get(addressOf(from)) ?? []), ...texts]);
    }
  });
  return expected;
}

/** What is wrong, a line for each pair of users; messages by their number in the whole run. */
function faultsOf(plans: readonly Plan[][], seen: readonly Seen[]): string[] {
  const numberOf = (text: string): string => text.slice(0, text.indexOf(' '));
  const faults: string[] = [];
  expectedOf(plans).forEach((expected, user) => {
    const { bySender = new Map<string, string[]>(), troubles = [] } = seen[user] ?? {};
    for (const trouble of new Set(troubles)) faults.push(`${nameOf(user)} was told: ${trouble}`);
    for (const from of new Set([...expected.keys(), ...bySender.keys()])) {
      const wanted = expected.get(from) ?? [];
      const got = bySender.get(from) ?? [];
      const shown = new Set(got);
      const lost = wanted.filter((text) => !shown.has(text)).map(numberOf);
      const twice = got.filter((text, index) => got.indexOf(text) !== index).map(numberOf);
      const at = got.findIndex((text, index) => text !== wanted[index]);
      if (lost.length === 0 && twice.length === 0 && at < 0) continue;
      const place = at < 0 ? '' : `; shown in place ${at}: ${numberOf(got[at] ?? '')}`;
      faults.push(`${from} to ${nameOf(user)}: ${wanted.length} sent, lost [${lost}], twice [${twice}]${place}`);
    }
  });
  return faults;
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
async function run(seed: number, server: RealServer, people: People): Promise<string[]> {
  const random = randomFrom(seed);
  const plans = plansOf(random, textsOf(seed, MESSAGES));
  const users = await Promise.all(plans.map((_, user) => people.signUp(nameOf(user))));
  await Promise.all(users.map((person) => person.online()));
  const seen = users.map(() => new Seen());
  const total = (): number => seen.reduce((sum, one) => sum + one.total, 0);
  const progress = new Progress(total, () => {
    const states = users.map(({ client }, user) => `${nameOf(user)} ${client.state.type}`);
    const lines = [`seed ${seed}: nothing more comes after ${total()} of ${MESSAGES}`, states.join(', ')];
    return [...lines, ...faultsOf(plans, seen), server.log.slice(-2_000)].join('\n');
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
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await Promise.race([progress.until(() => total() >= (kill * MESSAGES) / (KILLS + 1)), lives]);
      await server.kill();
      await server.restart();
    }
    await Promise.race([progress.until(() => total() >= MESSAGES), lives]);
    done = true;
    for (const person of users) person.wakeUp();
    await lives;
    return faultsOf(plans, seen);
  } finally {
    progress.end();
  }
}

describe('kill -9', () => {
  test(
    `${MESSAGES} messages between ${USERS} users, half of them coming and going, over ${KILLS} kills: each arrives once, in order`,
    async () => {
      const seed = Date.now() & 0x7fffffff;
      const server = await RealServer.start('--rate-factor', '1000', '--tries-per-source', '1000');
      const people = new People([server.url], { inMemory: true });
      try {
        expect({ seed, faults: await run(seed, server, people) }).toEqual({ seed, faults: [] });
      } finally {
        await people.end();
        await server.remove();
      }
    },
    TEST_MAX_MS,
  );
});
