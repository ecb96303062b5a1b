// A server double and people who are online at it, as most tests of the client begin.
import { onTestFinished } from 'vitest';
import { People, type PeopleOptions, type Person } from './people.ts';
import { ServerDouble } from './server-double.ts';

export const [AL, BO, CY] = ['al@localhost', 'bo@localhost', 'cy@localhost'] as const;

export type AtDouble<Name extends string = never> = {
  readonly server: ServerDouble;
  readonly people: People;
} & Readonly<Record<Name, Person>>;

/** All of it goes when the test is over for which this was called, by itself or by a `beforeEach`. */
export async function atDouble<Name extends string = never>(
  names: readonly Name[] = [],
  options?: PeopleOptions,
): Promise<AtDouble<Name>> {
  const server = await ServerDouble.start();
  const people = new People([server.url], options);
  onTestFinished(async () => {
    await people.end();
    await server.stop();
  });
  return { server, people, ...(await people.online(...names)) };
}
