// All that a run comes to, as figures.json has it: report and plot are made of this alone.
import type { Latency } from './latencies.ts';
import type { Faults } from './ledger.ts';
import type { Shape } from './plan.ts';
import { BUSY_SHARE, type Second } from './recorder.ts';
import type { Verdict } from './verdict.ts';

export type Figures = {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly servers: readonly string[];
  readonly domain: string;
  /** Every account of the run has a name that begins so. */
  readonly prefix: string;
  readonly parameters: Shape & { readonly seconds: number; readonly warmUp: number; readonly workers: number };
  /** Ended by a person before its time. */
  readonly interrupted: boolean;
  readonly measuredSeconds: number;
  /** Messages and deliveries, the warm-up included. */
  readonly sent: number;
  readonly accepted: number;
  readonly delivered: number;
  /** Messages a second in the measured time. */
  readonly acceptedRate: number;
  readonly acceptedMs: Latency;
  readonly deliveredMs: Latency;
  readonly acceptedDistribution: readonly (readonly [number, number])[];
  readonly deliveredDistribution: readonly (readonly [number, number])[];
  readonly faults: Faults;
  readonly verdict: Verdict;
  readonly errors: Readonly<Record<string, number>>;
  readonly reconnects: number;
  /** CPU of the load generator in the measured time, in processors. */
  readonly generatorCpus: number;
  readonly seconds: readonly Second[];
};

/** Why latencies are not the server's alone; undefined: the load generator had time enough. */
export function generatorLimit(seconds: readonly Second[]): string | undefined {
  const measured = seconds.filter(({ s }) => s > 0);
  const busy = measured.filter((second) => second.busy > BUSY_SHARE).length;
  if (busy === 0) return undefined;
  const late = Math.round(Math.max(...measured.map(({ lateMs }) => lateMs)));
  return `The load generator itself had too little CPU in ${busy} of ${measured.length} seconds (it sent up to ${late} ms late): latencies are too high by that. Give it more --workers, a lower --rate, or a machine of its own.`;
}
