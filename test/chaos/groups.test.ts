// Groups against a model: people do in them what fast-check makes up, alone and at once, go away and come back, while the server is whole or
// is killed; in the end everybody has the same log, and every message has reached exactly those who were members, in one order.
import { describe, expect, test } from 'vitest';
import { ServerProcess } from '../server.fixture.ts';
import { UNDER_LOAD } from './form.ts';
import { runModel } from './group-runs.ts';

const TEST_MAX_MS = 300_000;
const seeds = [1, 2];

describe('groups on one server', () => {
  test.each(seeds)(
    'are what the model says (seed %i)',
    async (seed) => {
      const server = await ServerProcess.start(UNDER_LOAD);
      try {
        const tally = await runModel({
          seed,
          runs: Number(process.env.R ?? 5),
          timeMs: 60_000,
          servers: server.urls,
          faults: [],
          log: () => server.stderr,
        });
        console.log(Object.fromEntries(tally));
        expect(tally.get('message')).toBeGreaterThan(0);
      } finally {
        await server.remove();
      }
    },
    TEST_MAX_MS,
  );
});
