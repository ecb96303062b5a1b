// Latencies of a kind, summed up by Node's own HDR histogram: three significant digits whatever the number of values.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

const US_PER_MS = 1_000;
/** What is slower counts as this: an hour. */
const HIGHEST_US = 3_600_000_000;
const SHOWN = [50, 90, 99, 99.9] as const;

/** In ms; without a value all are 0. */
export type Latency = {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
};

export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 });

  add(ms: number): void {
    this.#histogram.record(Math.min(HIGHEST_US, Math.max(1, Math.round(ms * US_PER_MS))));
  }

  /** All so far. */
  get summary(): Latency {
    const { count, max, mean } = this.#histogram;
    if (count === 0) return { count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, mean: 0 };
    const [p50, p90, p99, p999] = SHOWN.map((share) => inMs(this.#histogram.percentile(share))) as [
      number,
      number,
      number,
      number,
    ]; // one for each
    return { count, p50, p90, p99, p999, max: inMs(max), mean: inMs(mean) };
  }

  /** Percent and the ms that so many did not exceed, rising. */
  get distribution(): readonly (readonly [number, number])[] {
    if (this.#histogram.count === 0) return [];
    return [...this.#histogram.percentiles].map(([percent, us]) => [percent, inMs(us)] as const);
  }

  reset(): void {
    this.#histogram.reset();
  }
}

function inMs(us: number): number {
  return Math.round(us) / US_PER_MS;
}
