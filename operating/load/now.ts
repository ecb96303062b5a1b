// One clock for all threads: each has a `performance.now()` that began at another time, the machine's monotonic clock is the same for all.

/** ms since some start, never falling. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
