// The report of figures that no machine has to be fast or slow for.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { StartError } from '#runtime/start-error.ts';
import type { Figures } from './figures.ts';
import { Latencies } from './latencies.ts';
import type { Faults } from './ledger.ts';
import type { Second } from './recorder.ts';
import { prepareFolder, writeReport } from './report.ts';
import { verdictOf } from './verdict.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECONDS = 3_600;
const none = { count: 0 };
const good: Faults = { lost: none, duplicated: none, misordered: none, strange: none, unanswered: none, refused: none };

function figuresOf(faults: Faults, acceptedRate: number): Figures {
  const latencies = new Latencies();
  for (let value = 1; value <= 10_000; value++) latencies.add(value / 10);
  const latency = latencies.summary;
  const seconds = Array.from({ length: SECONDS }, (_, index): Second => {
    const at = { offered: 200, accepted: 200, delivered: 300, acceptedMs: latency, deliveredMs: latency };
    return { s: index + 1, ...at, connected: 500, inFlight: 3, reconnects: 0, busy: index === 9 ? 1 : 0.3, lateMs: 7 };
  });
  return {
    ...{ startedAt: '2026-11-21T12:31:00.000Z', servers: ['ws://a<b'], domain: 'localhost', prefix: 'load-1' },
    parameters: {
      ...{ users: 500, groups: 20, rate: 200, groupShare: 0.05, bytes: { least: 64, most: 512 } },
      ...{ seconds: SECONDS, warmUp: 5, workers: 2 },
    },
    ...{ interrupted: false, measuredSeconds: SECONDS, sent: 720_000, accepted: 720_000, delivered: 900_000 },
    ...{ acceptedRate, acceptedMs: latency, deliveredMs: latency },
    acceptedDistribution: latencies.distribution,
    deliveredDistribution: latencies.distribution,
    ...{ faults, verdict: verdictOf(faults, acceptedRate, 200), errors: { rate_limited: 3 }, reconnects: 2 },
    ...{ generatorCpus: 1.25, seconds },
  };
}

test('says what it found in words, has a plot that is small after an hour too, and all figures', () => {
  const figures = figuresOf(good, 199);
  writeReport(folder, figures);
  const report = readFileSync(join(folder, 'report.md'), 'utf8');
  expect(report).toContain('Nothing was lost, duplicated or misordered.');
  expect(report).toContain('The rate was reached: 199.0 of 200 messages a second were accepted.');
  expect(report).toContain('had too little CPU in 1 of 3600 seconds (it sent up to 7 ms late)');
  expect(report).toContain('- rate_limited: 3');
  expect(report).toMatch(/accepted: .* \| 10000 \| 500 \| 900 \| 990 \| 999 \| 1000 \|/);
  expect(JSON.parse(readFileSync(join(folder, 'figures.json'), 'utf8'))).toEqual(figures);
  const chart = readFileSync(join(folder, 'latency.svg'), 'utf8');
  expect(chart.length).toBeLessThan(30_000);
  expect(chart).not.toMatch(/NaN|Infinity|undefined/);
  for (const unit of ['>ms</text>', 'second of the run', 'percent of messages']) expect(chart).toContain(unit);
  expect(chart.match(/<polyline/g)).toHaveLength(6);
});

test('a plot of a run in which nothing came has its axes', () => {
  writeReport(folder, {
    ...figuresOf(good, 0),
    ...{ seconds: [], acceptedDistribution: [], deliveredDistribution: [] },
  });
  const chart = readFileSync(join(folder, 'latency.svg'), 'utf8');
  expect(chart).not.toMatch(/NaN|Infinity|undefined/);
  expect(chart).toContain('second of the run');
});

test('the verdict names the first of each fault, and a rate that was missed by more than 5 %', () => {
  const faults = { ...good, lost: { count: 2, first: 'message 7 of user 1 to user 2' } };
  const verdict = verdictOf(faults, 189, 200);
  expect(verdict).toMatchObject({ kept: false, rateReached: false });
  expect(verdict.sentences[0]).toBe('2 lost, first message 7 of user 1 to user 2.');
  expect(verdict.sentences[1]).toMatch(/missed by more than 5 %: 189.0 of 200/);
  expect(verdictOf(good, 190, 200)).toMatchObject({ kept: true, rateReached: true });
});

test('a folder that cannot be made is said before the run, with what to do', () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  expect(() => prepareFolder(join(file, 'x'))).toThrow(StartError);
  expect(() => prepareFolder(join(file, 'x'))).toThrow(/Give another folder with --out/);
});
