// How the tests run: every *.test.ts of the tree in its own process, and a last line that counts them.
// Benchmarks are not tests: they stand in bench/ and run by `npm run bench`.
import { configDefaults, defineConfig } from 'vitest/config';

/** Two files at a time: the suites start real servers, and more of them on a small machine only measure the scheduler. */
const MAX_WORKERS = 2;
/** A test waits for events, never for time; this bound only ends one whose event never comes. */
const TEST_TIMEOUT_MS = 30_000;

export default defineConfig({
  test: {
    environment: 'node',
    include: ['**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'data/**'],
    pool: 'forks',
    maxWorkers: MAX_WORKERS,
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    reporters: ['default', './test/count-reporter.ts'],
  },
});
