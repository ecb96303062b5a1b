// What every benchmark is told by its caller.
import type { Mode } from './result.ts';
import type { StartOptions } from './subject.ts';

/** Runs of a benchmark that is not told how many. */
export const DEFAULT_RUNS = 3;

/** `seconds`: how long a timed phase lasts, where a benchmark has one. `sizeMib`: of the file, where it carries one. */
export type BenchOptions = {
  readonly mode: Mode;
  readonly runs: number | undefined;
  readonly seconds: number | undefined;
  readonly sizeMib: number | undefined;
  readonly start: StartOptions;
};
