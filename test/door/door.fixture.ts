// One server for all tests of a file, which must survive each of them, whatever clients do at its door.
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { ServerProcess } from '../server.fixture.ts';
import type { Wire } from '../wire.fixture.ts';
import { WirePerson } from '../wire-person.fixture.ts';

export type Door = {
  readonly url: string;
  /** `/metrics` and its like, by their path. */
  http(path: string): Promise<Response>;
  /** Somebody who has just signed up. */
  person(): Promise<WirePerson>;
};

/** Registers the hooks that start the server, look whether it lives, and remove it. */
export function openDoor(): Door {
  let server: ServerProcess;
  let people = 0;
  beforeAll(async () => {
    server = await ServerProcess.start(['--rate-factor', '1000', '--log-level', 'warn']);
  });
  afterEach(() => expect(server.alive).toBe(true));
  afterAll(() => server.remove());
  return {
    get url() {
      return server.url;
    },
    http: (path) => server.http(path),
    person() {
      people += 1;
      return WirePerson.signedUp(server.url, `person${people}@localhost`);
    },
  };
}

/** Registers a connection that must not notice what a test does. */
export function watch(door: Door): void {
  let witness: Wire;
  beforeAll(async () => {
    witness = await (await door.person()).session(door.url);
  });
  afterEach(async () => {
    await witness.ok({ type: 'ping' });
  });
}
