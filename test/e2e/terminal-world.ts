// What the tests of the terminal client stand on: a real server, and people with a profile each under names that nobody else has.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Deployment } from '../deployment.fixture.ts';
import type { Start } from '../modes.fixture.ts';
import { type Line, type Result, Running, Terminal } from './terminal.ts';

/** Each command starts a process and unlocks a profile, which is made to cost something: several seconds on a machine that is busy with others. */
export const SEVERAL_COMMANDS_MS = 360_000;

/** For a `listen` that ends by itself when all has come: what it has instead is seen where something never comes. Far more than a session takes. */
export const LISTEN_MAX = ['--timeout', '90'] as const;

export type Person = Terminal & { readonly address: string; readonly name: string };

/** A server for the tests of one suite, and a directory for its profiles. */
export class TerminalWorld {
  #server: Deployment | undefined;
  #directory = '';
  #round = 0;

  /** Starts before the tests of the suite that calls this, and ends after them. */
  static forTheseTests(start: Start): TerminalWorld {
    const world = new TerminalWorld();
    beforeAll(async () => {
      world.#directory = await mkdtemp(join(tmpdir(), 'parley-terminal-'));
      world.#server = await start(['--rate-factor', '100', '--tries-per-source', '1000']);
    });
    afterAll(async () => {
      await Running.endAll();
      await world.#server?.remove();
      await rm(world.#directory, { recursive: true, force: true });
    });
    return world;
  }

  get server(): Deployment {
    if (this.#server === undefined) throw new Error('The server runs in tests only.');
    return this.#server;
  }

  /** A path that is of these tests alone. */
  path(name: string): string {
    return join(this.#directory, name);
  }

  /** A profile that need not exist. */
  terminal(profile: string, url = this.server.url): Terminal {
    return new Terminal(this.path(profile), url);
  }

  /** The first at the first door of the server, the second at the second one, where it has several. */
  async people(count: number): Promise<Person[]> {
    this.#round++;
    const { urls } = this.server;
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const name = `${['al', 'bo', 'cy'][index]}${this.#round}`;
        const person = Object.assign(this.terminal(name, urls[index % urls.length]), {
          name,
          address: `${name}@localhost`,
        });
        expect(await person.run(['signup', person.address])).toMatchObject({ status: 0 });
        return person;
      }),
    );
  }

  async three(): Promise<{ al: Person; bo: Person; cy: Person }> {
    const [al, bo, cy] = await this.people(3);
    if (al === undefined || bo === undefined || cy === undefined) throw new Error('three people');
    return { al, bo, cy };
  }

  /** A name that no other test gives to a group. */
  group(name: string): string {
    return `${name}${this.#round}`;
  }

  async two(): Promise<{ al: Person; bo: Person }> {
    const [al, bo] = await this.people(2);
    if (al === undefined || bo === undefined) throw new Error('two people');
    return { al, bo };
  }
}

/** The texts of the messages among these lines. */
export const texts = (records: readonly Line[]) =>
  records.filter(({ type }) => type === 'message').map(({ text }) => text);

/** How a command ends that was not done. */
export const refused = (sentence: RegExp, status = 1): Partial<Result> => ({
  status,
  stderr: expect.stringMatching(sentence),
});
