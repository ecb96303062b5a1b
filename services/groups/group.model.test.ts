// Whatever comes in whatever order, again, to other owners, and across crashes: a message or an entry has one number for ever, numbers have
// no gaps, and nobody is given what was sent while they were not in the group.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GroupCommand } from '#protocol/commands.ts';
import { type AppendCommand, appended, Chain, GroupWorld, type SendCommand, sent } from './world.fixture.ts';

const RUNS = 25;
const STEPS_MAX = 30;
const PEOPLE = ['al', 'bo', 'cy'];

type Step =
  | { readonly type: 'send' | 'append'; readonly by: number; readonly whom: number }
  /** A command from before, by how far back it is. */
  | { readonly type: 'again'; readonly back: number }
  /** What auth was asked is answered now; else, at the end of the step that asked. */
  | { readonly type: 'answer' }
  | { readonly type: 'hand over' };

const person = fc.nat(PEOPLE.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constantFrom('send' as const, 'append' as const), by: person, whom: person }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('again' as const), back: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.constant({ type: 'answer' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'hand over' as const }) },
);

/** Asked twice before the first is answered: the very same entry, which has one number. */
const TWICE: Step[] = [{ type: 'append', by: 0, whom: 2 }, { type: 'append', by: 0, whom: 2 }, { type: 'answer' }];

test('numbers have no gaps and stay, and messages go to members alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: STEPS_MAX }), async (steps) => {
      const world = await GroupWorld.open();
      try {
        await new Run(world).all(steps);
      } finally {
        await world.close();
      }
    }),
    { numRuns: RUNS, examples: [[TWICE]] },
  );
}, 120_000);

class Run {
  readonly #world: GroupWorld;
  readonly #people;
  readonly #commands: (AppendCommand | SendCommand)[] = [];
  /** By what was asked: the number that it was answered with first, and how many numbers it took. */
  readonly #numbers = new Map<string, { number: number; count: number }>();
  #chain!: Chain; // by `all`
  /** By epoch. */
  readonly #membersAt = new Map<number, readonly string[]>();
  #seq = 0;

  constructor(world: GroupWorld) {
    this.#world = world;
    this.#people = PEOPLE.map((name) => world.person(name));
  }

  async all(steps: readonly Step[]): Promise<void> {
    const [al, bo] = this.#people;
    if (!al || !bo) throw new Error('there are three');
    this.#chain = await this.#world.group(al, bo);
    this.#membersAt.set(1, [al.address, bo.address]);
    for (const one of steps) await this.#step(one);
    await this.#note(await this.#world.answerAsks());
    // Asked once more, after another crash, everything that was accepted is answered as before.
    this.#world.handOver();
    for (const command of this.#commands) await this.#note(await this.#world.give(command));
    const taken = [...this.#numbers.values()].flatMap(({ number, count }) =>
      Array.from({ length: count }, (_, offset) => number + offset),
    );
    expect(taken.toSorted((a, b) => a - b)).toEqual(taken.map((_, index) => index + 3)); // behind create and add
  }

  async #step(one: Step): Promise<void> {
    switch (one.type) {
      case 'hand over': {
        // What was not settled is given again, in order.
        const left = [...this.#world.unsettled].map(({ to }) => to.command as GroupCommand);
        this.#world.handOver();
        return this.#note(await this.#world.turn(...left));
      }
      case 'answer':
        return this.#note(await this.#world.answerAsks());
      case 'again': {
        const command = this.#commands.at(-1 - one.back);
        return command && this.#note(await this.#world.turn(command));
      }
      default: {
        const command = one.type === 'send' ? this.#send(one.by) : this.#append(one.by, one.whom);
        if (!command) return;
        this.#commands.push(command);
        await this.#note(await this.#world.turn(command));
      }
    }
  }

  #send(by: number): SendCommand | undefined {
    const from = this.#people[by];
    const others = this.#people.filter((one) => one !== from && this.#chain.state?.members.has(one.address));
    this.#seq += 1;
    return from && sent(from, this.#chain, others, { seq: this.#seq });
  }

  /** An entry on the log as far as it is known to have come: adds whoever is not in it, removes whoever is. */
  #append(by: number, whom: number): AppendCommand | undefined {
    const [author, subject] = [this.#people[by], this.#people[whom]];
    const chain = new Chain(this.#chain);
    const state = chain.state;
    if (!author || !subject || author === subject || state?.members.get(author.address)?.role !== 'admin')
      return undefined;
    const entry = state.members.has(subject.address) ? chain.remove(author, subject) : chain.add(author, subject);
    return appended(author, [entry]);
  }

  #follow({ frame }: AppendCommand): void {
    this.#chain.extend(frame.entries);
    const { members, position } = this.#chain.state as NonNullable<Chain['state']>; // it has just been extended
    this.#membersAt.set(position.index, [...members.keys()]);
  }

  async #note({ messages, effects }: Awaited<ReturnType<GroupWorld['turn']>>): Promise<void> {
    for (const message of messages) {
      if (message.type !== 'answer' || !('number' in message.answer)) continue;
      const command = this.#commands.find(({ reply }) => reply.re === message.re);
      if (!command) continue;
      const isSend = command.type === 'send';
      // The same bytes written twice are the same entries, and have one number.
      const key = isSend ? command.message.id : command.frame.entries.map(({ entry }) => entry).join();
      const count = isSend ? 1 : command.frame.entries.length;
      const number = Number(message.answer.number);
      expect(this.#numbers.get(key) ?? { number, count }).toEqual({ number, count });
      if (!isSend && !this.#numbers.has(key)) this.#follow(command);
      this.#numbers.set(key, { number, count });
    }
    for (const { key, command } of effects) {
      if (command.type !== 'deliver') continue;
      const message = this.#commands.find((one) => one.type === 'send' && one.message.id === command.item.id);
      if (message?.type !== 'send') throw new Error('nobody sent that');
      expect(this.#membersAt.get(message.message.epoch)).toContain(key);
      expect(this.#membersAt.get(message.message.epoch)).toContain(command.item.from);
    }
  }
}
