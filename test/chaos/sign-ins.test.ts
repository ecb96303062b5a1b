// Signing in while the processes that remember sign-ins under way are replaced: an account changes hands between start and finish.
import { expect, test } from 'vitest';
import { PASSWORD, People } from '../../clients/sdk/test/people.ts';
import { describeOnAll } from '../services.fixture.ts';
import { INSTANCES, StackProcesses } from '../stack.fixture.ts';
import { RUN_MAX_MS, UNDER_LOAD } from './form.ts';

const NAMES = Array.from({ length: 8 }, (_, n) => `al${n}`);

describeOnAll('a distributed deployment', (urls) => {
  test(
    'lets everybody sign in all through a restart of every auth',
    async () => {
      const stack = await StackProcesses.start(urls, UNDER_LOAD);
      const people = new People(stack.urls, { inMemory: true });
      try {
        const all = await Promise.all(NAMES.map((name) => people.signUp(name)));
        let restarting = true;
        const failures: unknown[] = [];
        const done = all.map(async ({ client }) => {
          // The password is proved as by a new device, and no device is made.
          for (; restarting; ) await client.adoptPassword(PASSWORD).catch((error: unknown) => failures.push(error));
        });
        for (let instance = 0; instance < INSTANCES; instance += 1) await stack.replace('auth', 'SIGTERM');
        restarting = false;
        await Promise.all(done);
        expect(failures).toEqual([]);
      } finally {
        await people.end();
        await stack.remove();
      }
    },
    RUN_MAX_MS,
  );
});
