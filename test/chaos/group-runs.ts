// Many runs of the model with the same people: fast-check makes the commands, and says by which seed and path a failure comes again.
import fc from 'fast-check';
import { type Act, actsOf, creationOf, USERS } from './group-acts.ts';
import { faultsOf } from './group-faults.ts';
import type { Scale } from './group-form.ts';
import { Ledger } from './group-ledger.ts';
import { TappedPeople, User } from './group-users.ts';
import { World } from './group-world.ts';
import { Progress } from './progress.ts';

const COMMANDS_MAX = 15;
/** What happens at the same time. */
const AT_ONCE_MAX = 3;

export type Runs = {
  readonly seed: number;
  readonly scale: Scale;
  /** The doors of the server. */
  readonly servers: readonly string[];
  readonly faults: readonly (() => Promise<void>)[];
  /** The log of the server, for what a failure tells. */
  readonly log: () => string;
};

/** How often something happened, over all runs: runs, runs with faults, entries by their type, messages, refusals. */
export type Tally = Map<string, number>;

/** One or several acts at once. */
class Step implements fc.AsyncCommand<World, World> {
  readonly #acts: readonly Act[];

  constructor(acts: readonly Act[]) {
    this.#acts = acts;
  }

  check(world: Readonly<World>): boolean {
    return this.#acts.some((act) => world.isWorth(act));
  }

  run(world: World): Promise<void> {
    return world.perform(this.#acts.filter((act) => world.isWorth(act)));
  }

  toString(): string {
    return JSON.stringify(this.#acts);
  }
}

/** Runs the model. Throws with the seed, the path, the commands and what is wrong. */
export async function runModel({ seed, scale, servers, faults, log }: Runs): Promise<Tally> {
  const ledger = new Ledger();
  const people = new TappedPeople(servers, ledger);
  const tally: Tally = new Map();
  let users: User[] = [];
  const progress = new Progress(
    () => ledger.heard,
    () => [`seed ${seed}: nothing more comes`, ...users.map(stateOf), log().slice(-10_000)].join('\n'),
  );
  try {
    users = await Promise.all(
      Array.from({ length: USERS }, async (_, n) => new User(await people.signUp(`user${n}of${seed}`))),
    );
    await Promise.all(users.map(({ person }) => person.online()));
    let run = 0;
    const end = performance.now() + scale.timeMs;
    const steps = fc
      .array(actsOf(faults.length), { minLength: 1, maxLength: AT_ONCE_MAX })
      .map((acts) => new Step(acts));
    const commands = fc.commands([steps], { maxCommands: COMMANDS_MAX, size: 'max' });
    const property = fc.asyncProperty(creationOf(3), creationOf(3), commands, async (one, other, following) => {
      if (performance.now() > end) return;
      const world = new World({ people, users, ledger, progress, faults }, `run${seed}.${run++}`);
      await world.perform([one, other]);
      await fc.asyncModelRun(() => ({ model: world, real: world }), following);
      await world.settle();
      const wrong = await faultsOf(world);
      count(tally, world);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    });
    await fc.assert(property, { seed, ...scale.runs });
    return tally;
  } finally {
    progress.end();
    await people.end();
  }
}

function stateOf({ address, away, person }: User): string {
  return `${address} ${away ? 'is away' : person.client.state.type}`;
}

function count(tally: Tally, world: World): void {
  const one = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);
  one('run');
  if (world.hurt) one('fault');
  for (const { entries, messages } of world.groups) {
    for (const { entry } of entries) one(entry.change.type);
    for (const _ of messages) one('message');
  }
  for (const { error } of world.deeds) if (error !== undefined) one('refusal');
}
