// The services of a distributed deployment, killed, stopped and restarted one by one under traffic.
import { expect, test } from 'vitest';
import { describeOnAll } from '../services.fixture.ts';
import { chaos, KILLS, RESTARTS, stopped } from './distributed.ts';
import { MESSAGES, RUN_MAX_MS, SEEDS } from './form.ts';

describeOnAll('a distributed deployment', (urls) => {
  test.each(SEEDS)(
    `${MESSAGES} messages over kill -9 of each service, and a delivery that stands still and goes on: each arrives once, in order (seed %i)`,
    async (seed) => {
      expect(await chaos(urls, seed, [...KILLS, stopped('delivery')])).toMatchObject({ seed, faults: [] });
    },
    RUN_MAX_MS,
  );

  test(
    `${MESSAGES} messages over a restart of every process in turn: nobody sees an error`,
    async () => {
      const [seed = 0] = SEEDS;
      expect(await chaos(urls, seed, RESTARTS)).toEqual({ seed, faults: [], told: [] });
    },
    RUN_MAX_MS,
  );
});
