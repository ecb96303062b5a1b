// Twenty people write to each other, half of them coming and going, while things happen to the server. What must hold is the promise that everything
// else hangs on (DESIGN section 3): what was accepted arrives once, in order.
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestError } from '#protocol/errors.ts';
import type { People, Person } from '../../clients/sdk/test/people.ts';
import { Progress } from './progress.ts';
import { addressOf, faultsOf, nameOf, plansOf, randomFrom, Seen, textsOf } from './traffic.ts';

/** Share of the bursts whose sender waits for the server before it goes on; the others run ahead into the outbox. */
const WAITING_SHARE = 0.5;
/** How often those who come and go leave after something happened, and for how many bursts of those who stay at most. */
const LEAVING_SHARE = 0.1;
const AWAY_BURSTS_MAX = 20;
/** A person who was told to try again does. */
const AGAIN_AFTER_MS = 1_000;
const STEP_MS = 50;

export type Run = {
  readonly seed: number;
  readonly messages: number;
  readonly people: People;
  /** What happens to the server, one after the other, each when its share of the messages is on its way. */
  readonly events: readonly (() => Promise<void>)[];
  /** How many messages they write while an event lasts; in between they write as fast as they can. */
  readonly perSecond: number;
  /** The log of the server, for what a failure tells. */
  readonly log: () => string;
};

export type Outcome = {
  readonly seed: number;
  /** What is lost, shown twice or out of order, or given up. */
  readonly faults: readonly string[];
  /** What people were told besides that their connection comes and goes: what did not work at once, and does later. */
  readonly told: readonly string[];
};

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

/** Runs the plans of all users while all that happens to the server. */
export async function run({ seed, messages, people, events, perSecond, log }: Run): Promise<Outcome> {
  const random = randomFrom(seed);
  const plans = plansOf(random, textsOf(seed, messages));
  const users = await Promise.all(plans.map((_, user) => people.signUp(nameOf(user))));
  await Promise.all(users.map((person) => person.online()));
  const seen = users.map(() => new Seen());
  const total = (): number => seen.reduce((sum, one) => sum + one.total, 0);
  const progress = new Progress(total, () => {
    const states = users.map(({ client }, user) => `${nameOf(user)} ${client.state.type}`);
    const lines = [`seed ${seed}: nothing more comes after ${total()} of ${messages}`, states.join(', ')];
    return [...lines, ...faultsOf(plans, seen), log().slice(-10_000)].join('\n');
  });
  const stays = (user: number): boolean => user % 2 === 1;
  let burstsLeft = plans.reduce((sum, list, user) => sum + (stays(user) ? list.length : 0), 0);
  let written = 0;
  let allowed = 0;
  let done = false;
  /** Lets them write so many messages in all. */
  const allow = (upTo: number): void => {
    allowed = upTo;
    for (const person of users) person.wakeUp();
  };

  const live = async (user: number): Promise<void> => {
    let person = users[user] as Person; // one for each user
    let taken = 0;
    for (let next = 0; ; ) {
      const plan = plans[user]?.[next];
      if (plan && written < allowed) {
        written += plan.texts.length;
        const [result] = await progress.within(person.client.send([addressOf(plan.to)], plan.texts));
        if (result === undefined) throw new Error('no result');
        if ('error' in result) {
          seen[user]?.told.push(result.error.message);
          if (result.error instanceof RequestError && !result.error.retry) throw result.error;
          written -= plan.texts.length;
          await sleep(AGAIN_AFTER_MS);
          continue;
        }
        if (random() < WAITING_SHARE) await progress.within(acceptedBy(person, result.ids.at(-1) ?? ''));
        next += 1;
        if (stays(user)) burstsLeft -= 1;
      } else if (!plan && done) {
        return;
      } else {
        const mayWrite = (): boolean => plan !== undefined && written < allowed;
        await progress.within(person.until(() => done || person.heard.length > taken || mayWrite()));
      }
      taken = seen[user]?.take(person, taken) ?? 0;
      progress.made();
      if (stays(user) || done || random() >= LEAVING_SHARE) continue;
      await person.client.close();
      seen[user]?.take(person, taken);
      const back = burstsLeft - Math.floor(random() * AWAY_BURSTS_MAX);
      await progress.until(() => burstsLeft <= Math.max(0, back) || written >= allowed);
      person = await people.reopen(person);
      users[user] = person;
      taken = 0;
      await person.client.connect({ receive: true });
    }
  };

  const share = messages / (events.length + 1);
  /** While an event lasts, they go on at this pace, so that it meets traffic as long as it lasts. */
  const during = async (event: () => Promise<void>, until: number): Promise<void> => {
    const step = (perSecond * STEP_MS) / 1_000;
    const pace = setInterval(() => allow(Math.min(until, allowed + step)), STEP_MS);
    await event().finally(() => clearInterval(pace));
  };
  try {
    const lives = Promise.all(plans.map((_, user) => live(user)));
    lives.catch(() => {}); // it is awaited below, wherever it fails
    for (const [index, event] of events.entries()) {
      allow((index + 1) * share);
      await Promise.race([progress.until(() => total() >= (index + 0.5) * share), lives]);
      await during(event, (index + 2) * share);
    }
    allow(Number.POSITIVE_INFINITY);
    await Promise.race([progress.until(() => total() >= messages), lives]);
    done = true;
    for (const person of users) person.wakeUp();
    await lives;
    const kept = await progress.within(Promise.all(users.map((person) => keptBy(people, person))));
    const faults = [...faultsOf(plans, seen), ...faultsOf(plans, kept).map((fault) => `in the history: ${fault}`)];
    return { seed, faults, told: seen.flatMap(({ told }) => told) };
  } finally {
    progress.end();
  }
}
