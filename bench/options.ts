// What every benchmark is told by its caller.

/** Runs of a benchmark that is not told how many. */
export const DEFAULT_RUNS = 3;

/** `seconds`: how long a timed phase lasts, where a benchmark has one. `nodeOptions`: for the server's Node, such as --cpu-prof. */
export type BenchOptions = {
  readonly runs: number | undefined;
  readonly seconds: number | undefined;
  readonly nodeOptions: readonly string[];
};
