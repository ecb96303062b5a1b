// The server in one process, killed again and again under traffic.
import { describe, expect, test } from 'vitest';
import { People } from '../../clients/sdk/test/people.ts';
import { ServerProcess } from '../server.fixture.ts';
import { RUN_MAX_MS, seedsOf, UNDER_LOAD } from './form.ts';
import { run } from './run.ts';
import { USERS } from './traffic.ts';

type Scale = { readonly messages: number; readonly kills: number; readonly inMemory: boolean; readonly where: string };
const SCALES: readonly Scale[] = [
  { messages: 10_000, kills: 10, inMemory: true, where: 'in memory' },
  { messages: 1_000, kills: 3, inMemory: false, where: 'on a disk' },
];

describe('kill -9', () => {
  for (const { messages, kills, inMemory, where } of SCALES) {
    test(
      `${messages} messages between ${USERS} users with profiles ${where}, half of them coming and going, over ${kills} kills: each arrives once, in order`,
      async () => {
        const [seed = 0] = seedsOf(1);
        const server = await ServerProcess.start(UNDER_LOAD);
        const people = new People(server.urls, { inMemory });
        const kill = async (): Promise<void> => {
          await server.kill();
          await server.restart();
        };
        try {
          const events = Array.from({ length: kills }, () => kill);
          const perSecond = Number.POSITIVE_INFINITY;
          const log = () => server.stderr;
          const outcome = await run({ seed, messages, people, events, perSecond, log });
          expect(outcome).toEqual({ seed, faults: [], told: [] });
        } finally {
          await people.end();
          await server.remove();
        }
      },
      RUN_MAX_MS,
    );
  }
});
