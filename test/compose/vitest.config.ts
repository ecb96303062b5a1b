// How the tests of the whole stack run (`npm run test:compose`): not among the others, because they want Docker and have the machine for themselves.
import { defineConfig } from 'vitest/config';

/** A step waits for containers to start, end and come back, on whatever machine this is; the bound ends one whose event never comes. */
const STEP_MAX_MS = 600_000;

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    environment: 'node',
    pool: 'forks',
    include: ['test/compose/*.compose.ts'],
    fileParallelism: false,
    bail: 1,
    testTimeout: STEP_MAX_MS,
    hookTimeout: STEP_MAX_MS,
    reporters: ['verbose', './test/count-reporter.ts'],
  },
});
