// What users write to each other in a run of chaos, what they were shown of it, and what is wrong with that.
import fc from 'fast-check';
import type { HistoryEntry } from '../../clients/sdk/profile/profile.ts';
import type { Person } from '../../clients/sdk/test/people.ts';

export const USERS = 20;
/** Messages that one act of sending queues at most. */
const BURST_MAX = 25;
/** How a connection ends that its person closes. */
const LEFT = 1000;

/** Numbers from 0 up to (not including) 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Texts of random sizes and scripts, each naming its place in its conversation. */
export function textsOf(seed: number, count: number): string[] {
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
export function plansOf(random: () => number, texts: readonly string[]): Plan[][] {
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

export const nameOf = (user: number): string => `user${user}`;
export const addressOf = (user: number): string => `${nameOf(user)}@localhost`;

/** What a person was shown, by sender; over all the processes that the person used. */
export class Seen {
  readonly bySender = new Map<string, string[]>();
  readonly troubles: string[] = [];
  /** What did not work at once: a message that waits, a question without an answer. */
  readonly told: string[] = [];
  total = 0;

  take(person: Person, from: number): number {
    for (const event of person.heard.slice(from)) {
      if (event.type === 'message') this.show(event.entry);
      else if (event.type === 'gap' || event.type === 'unreadable') this.troubles.push(event.type);
      else if (event.type === 'refused' || event.type === 'given_up') {
        this.troubles.push(`${event.type}: ${event.message}`);
      } else if (event.type === 'stopped' && event.code !== LEFT) this.troubles.push(`stopped: ${event.reason}`);
      else if (event.type === 'delayed' || event.type === 'trouble') this.told.push(event.message);
    }
    return person.heard.length;
  }

  show({ from, content }: HistoryEntry): void {
    const texts = this.bySender.get(from) ?? [];
    texts.push(new TextDecoder().decode(content.subarray(1)));
    this.bySender.set(from, texts);
    this.total += 1;
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
export function faultsOf(plans: readonly Plan[][], seen: readonly Seen[]): string[] {
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
