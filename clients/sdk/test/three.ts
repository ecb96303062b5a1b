// Three people who are online at one server double, for tests of what they do in groups.
import { GAP_WAIT_MS } from '#protocol/limits.ts';
import { People, type Person } from './people.ts';
import { ServerDouble } from './server-double.ts';
import { FakeTime } from './wires.ts';

export type Three = {
  readonly server: ServerDouble;
  readonly people: People;
  readonly al: Person;
  readonly bo: Person;
  readonly cy: Person;
  end(): Promise<void>;
};

export const [AL, BO, CY] = ['al@localhost', 'bo@localhost', 'cy@localhost'] as const;

export async function threeOnline(): Promise<Three> {
  const server = await ServerDouble.start();
  const people = new People([server.url]);
  const [al, bo, cy] = await Promise.all([people.signUp('al'), people.signUp('bo'), people.signUp('cy')]);
  await Promise.all([al.online(), bo.online(), cy.online()]);
  const end = async () => {
    await people.end();
    await server.stop();
  };
  return { server, people, al, bo, cy, end };
}

/** The same device again, in whose sessions nothing is waited for as long as a gap is: `pass` says that it was. */
export async function reopenedAfterGaps(people: People, { platform }: Person): Promise<{ back: Person; pass(): void }> {
  const time = new FakeTime();
  const after = (ms: number, run: () => void) => (ms === GAP_WAIT_MS ? time : platform.timers).after(ms, run);
  const back = await people.reopen({ platform: { ...platform, timers: { after } } });
  return { back, pass: () => time.pass(GAP_WAIT_MS) };
}

/** What somebody was told of groups: change and subject, or change and who did it. */
export const told = (person: Person): string[] =>
  person.of('membership').map(({ change, by, subject }) => `${change} ${subject ?? by}`.replaceAll('@localhost', ''));

export const tells = (person: Person, ...lines: string[]): Promise<void> =>
  person.until(() => lines.every((line) => told(person).includes(line)));
