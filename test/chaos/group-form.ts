// How many runs the model of groups has: short forms for every change; more of them, or one that failed, by the environment (CONTRIBUTING.md).
import type { Parameters } from 'fast-check';

const { CI, PARLEY_CHAOS_RUNS, PARLEY_CHAOS_SEED, PARLEY_CHAOS_PATH } = process.env;
/** What decides whether a change is taken does not depend on chance; whoever runs the tests by hand looks further each time. */
const THIRD_SEED = CI === undefined ? Date.now() & 0x7fffffff : 3;

export type Scale = {
  /** None begins after this. */
  readonly timeMs: number;
  /** As fast-check has it. */
  readonly runs: Pick<Parameters<unknown>, 'numRuns' | 'endOnFailure' | 'path'>;
};

/** Two that are the same each time, and one that is not, except where CI is set; or the one that is asked for. Runs with faults have the last one's negative. */
export const GROUP_SEEDS: readonly number[] =
  PARLEY_CHAOS_SEED === undefined ? [1, 2, THIRD_SEED] : [Math.abs(Number(PARLEY_CHAOS_SEED))];

/** So many runs in this time; as many as the environment wants, however long they take; or the one at a path, made smaller. */
export function scaleOf(runs: number, timeMs: number): Scale {
  const ever = Number.POSITIVE_INFINITY;
  if (PARLEY_CHAOS_PATH !== undefined) return { timeMs: ever, runs: { path: PARLEY_CHAOS_PATH, numRuns: 1 } };
  if (PARLEY_CHAOS_RUNS !== undefined) {
    return { timeMs: ever, runs: { numRuns: Number(PARLEY_CHAOS_RUNS), endOnFailure: true } };
  }
  return { timeMs, runs: { numRuns: runs, endOnFailure: true } };
}
