// How the tests run: every *.test.ts of the tree in its own process, and a last line that counts them. Those that restart a server
// which others use (*.restart.test.ts) run when the others are through. Benchmarks are not tests: they stand in bench/.
import { configDefaults, defineConfig } from 'vitest/config';

/** Two files at a time: the suites start real servers, and more of them on a small machine only measure the scheduler. */
const MAX_WORKERS = 2;
/** A test waits for events, never for time; this bound only ends one whose event never comes. */
const TEST_TIMEOUT_MS = 120_000;
/** A hook may start a stack of six processes, on a machine with two cores that runs another file's beside it. */
const HOOK_TIMEOUT_MS = 240_000;
/** What `expect.poll` waits for: its own bound of a second is shorter than a busy machine may keep a process waiting. */
const POLL_TIMEOUT_MS = 60_000;

const RESTARTS = '**/*.restart.test.ts';
const exclude = [...configDefaults.exclude, 'data/**'];

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: HOOK_TIMEOUT_MS,
    expect: { poll: { timeout: POLL_TIMEOUT_MS } },
    reporters: ['default', './test/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['**/*.test.ts'],
          exclude: [...exclude, RESTARTS],
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'restarts', include: [RESTARTS], exclude, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
