// The report of a run in a folder: words for people, the plot beside them, and all figures for programs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '#runtime/start-error.ts';
import { chartOf } from './chart.ts';
import { type Figures, generatorLimit } from './figures.ts';
import type { Latency } from './latencies.ts';
import { ms } from './progress.ts';

export const REPORT_FILE = 'report.md';
const CHART_FILE = 'latency.svg';
const FIGURES_FILE = 'figures.json';

/** Makes the folder: before a run whose report could not be written. Throws StartError. */
export function prepareFolder(folder: string): void {
  written(folder, () => mkdirSync(folder, { recursive: true }));
}

/** Throws StartError. */
export function writeReport(folder: string, figures: Figures): void {
  written(folder, () => {
    writeFileSync(join(folder, FIGURES_FILE), `${JSON.stringify(figures, undefined, 1)}\n`);
    writeFileSync(join(folder, CHART_FILE), chartOf(figures));
    writeFileSync(join(folder, REPORT_FILE), reportOf(figures));
  });
}

function reportOf(figures: Figures): string {
  const { parameters, verdict, measuredSeconds, acceptedMs, deliveredMs, faults, errors } = figures;
  const { users, groups, rate, groupShare, bytes, warmUp, workers } = parameters;
  const limit = generatorLimit(figures.seconds);
  const rows = [
    latencyRow('accepted: on the disk of the server, and its sender was told', acceptedMs),
    latencyRow('delivered: opened, verified and kept by a recipient', deliveredMs),
  ];
  const table = [
    '| ms since a message was due | messages | p50 | p90 | p99 | p99.9 | max |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ];
  const counts = [
    `| sent | accepted | delivered | lost | duplicated | misordered | refused | unanswered |`,
    '|---|---|---|---|---|---|---|---|',
    `| ${[figures.sent, figures.accepted, figures.delivered].join(' | ')} | ${(['lost', 'duplicated', 'misordered', 'refused', 'unanswered'] as const).map((kind) => faults[kind].count).join(' | ')} |`,
  ];
  const troubles = Object.entries(errors).map(([code, count]) => `- ${code}: ${count}`);
  return [
    '# Load test',
    `${figures.startedAt}, at ${figures.servers.join(', ')} (${figures.domain}).`,
    ...(figures.interrupted ? ['**It was ended early.**'] : []),
    verdict.sentences.map((sentence) => `- **${sentence}**`).join('\n'),
    [
      `${users} users, ${groups} groups, ${rate} messages a second, ${percent(groupShare)} of them to groups, texts of ${bytes.least} to ${bytes.most} bytes;`,
      `${measuredSeconds.toFixed(1)} s measured after ${warmUp} s of warm-up. The clients ran in ${workers} ${workers === 1 ? 'thread' : 'threads'} and used ${figures.generatorCpus.toFixed(2)} processors.`,
    ].join('\n'),
    ...(limit === undefined ? [] : [`**${limit}**`]),
    `![Latency over time and its distribution](${CHART_FILE})`,
    table.join('\n'),
    'Counted with the warm-up; a delivery is one message at one recipient:',
    counts.join('\n'),
    `Reconnects: ${figures.reconnects}.${troubles.length === 0 ? ' No client was told of anything else.' : ' What clients were told:'}`,
    ...(troubles.length === 0 ? [] : [troubles.join('\n')]),
    `All figures are in [${FIGURES_FILE}](${FIGURES_FILE}).`,
  ]
    .join('\n\n')
    .concat('\n');
}

function latencyRow(name: string, { count, p50, p90, p99, p999, max }: Latency): string {
  return `| ${name} | ${count} | ${[p50, p90, p99, p999, max].map(ms).join(' | ')} |`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function written(folder: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`The report cannot be written to ${folder}: ${reason}. Give another folder with --out.`);
  }
}
