// What a benchmark prints: one line for each mode and metric, whose shape other tools read (DESIGN section 1, Bench lines).
import { z } from 'zod';
import { median, significant } from './statistics.ts';
import type { Faults } from './tally.ts';

export const MODES = ['embedded', 'distributed'] as const;
export type Mode = (typeof MODES)[number];

const aim = z.strictObject({ of: z.enum(['ratio', 'value']), value: z.number() });
export type Aim = z.infer<typeof aim>;

const identity = { bench: z.string(), mode: z.enum(MODES) };
const perProcess = z.record(z.string(), z.number());

export const resultLine = z.strictObject({
  ...identity,
  metric: z.string(),
  unit: z.string(),
  better: z.enum(['higher', 'lower']),
  /** Medians of the runs; `limit` and `ratio` are null where nothing simpler does the same work. */
  value: z.number(),
  limit: z.number().nullable(),
  ratio: z.number().nullable(),
  /** Of the ratio; of the value where there is no ratio. */
  min: z.number(),
  max: z.number(),
  runs: z.number().int().min(1),
  aim: aim.nullable(),
  met: z.boolean().nullable(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  cpuUs: perProcess,
  rssMb: perProcess,
  lost: z.number().int(),
  duplicated: z.number().int(),
  misordered: z.number().int(),
});
export type ResultLine = z.infer<typeof resultLine>;

/** A mode that could not run, and what it would need. */
export type SkippedLine = { readonly bench: string; readonly mode: Mode; readonly skipped: string };

/** One metric as measured: a value for each run, and the limit's of the same run where there is one. */
export type Measured = {
  readonly metric: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly values: readonly number[];
  /** In the order of `values`. */
  readonly limits?: readonly number[];
  readonly aim?: Aim;
};

/** What all metrics of one benchmark share. */
export type Circumstances = {
  readonly bench: string;
  readonly mode: Mode;
  readonly params: ResultLine['params'];
  readonly cpuUs: ResultLine['cpuUs'];
  readonly rssMb: ResultLine['rssMb'];
  readonly faults: Faults;
};

/** The line of one metric. Throws RangeError if it has no value, or not as many limits as values. */
export function summarize({ metric, unit, better, values, limits, aim }: Measured, about: Circumstances): ResultLine {
  if (limits !== undefined && limits.length !== values.length) throw new RangeError('Every run needs its limit.');
  const ratios = limits?.map((limit, run) => (values[run] as number) / limit); // as long as values
  const spread = ratios ?? values;
  const value = median(values);
  const ratio = ratios ? median(ratios) : null;
  return {
    bench: about.bench,
    mode: about.mode,
    metric,
    unit,
    better,
    value: significant(value),
    limit: limits ? significant(median(limits)) : null,
    ratio: ratio === null ? null : significant(ratio, 3),
    min: significant(Math.min(...spread), 3),
    max: significant(Math.max(...spread), 3),
    runs: values.length,
    aim: aim ?? null,
    met: aim ? isMet(aim, better, value, ratio) : null,
    params: about.params,
    cpuUs: about.cpuUs,
    rssMb: about.rssMb,
    ...about.faults,
  };
}

function isMet(aim: Aim, better: Measured['better'], value: number, ratio: number | null): boolean {
  const reached = aim.of === 'ratio' ? ratio : value;
  if (reached === null) return false;
  return better === 'higher' ? reached >= aim.value : reached <= aim.value;
}

/** The lines as tables for people: one for all that have the same circumstances, which stand around it. */
export function table(lines: readonly ResultLine[]): string {
  const blocks = Map.groupBy(lines, ({ params }) => JSON.stringify(params));
  return [...blocks.values()].map(tableOf).join('\n\n');
}

function tableOf(lines: readonly ResultLine[]): string {
  const head = ['', 'value', 'limit', 'ratio', 'min … max', 'aim', ''];
  const rows = lines.map((line) => [
    line.metric,
    `${line.value} ${line.unit}`,
    line.limit === null ? '–' : `${line.limit}`,
    line.ratio === null ? '–' : `${line.ratio}`,
    `${line.min} … ${line.max}`,
    line.aim ? `${line.aim.of} ${line.better === 'higher' ? '≥' : '≤'} ${line.aim.value}` : '–',
    line.met === null ? '' : line.met ? 'met' : 'missed',
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const text = [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const [first] = lines;
  if (!first) return '';
  const pairs = (record: Readonly<Record<string, string | number>>): string =>
    Object.entries(record)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  return [
    `${first.bench} (${first.mode}), ${first.runs} runs: ${pairs(first.params)}`,
    ...text,
    `CPU µs each: ${pairs(first.cpuUs) || '–'}; memory MB: ${pairs(first.rssMb) || '–'}`,
    `lost ${first.lost}, duplicated ${first.duplicated}, misordered ${first.misordered}`,
  ].join('\n');
}
