import { expect, test } from 'vitest';
import { type Circumstances, type Measured, resultLine, summarize, table } from './result.ts';

const about: Circumstances = {
  bench: 'pairs',
  mode: 'embedded',
  params: { pairs: 20 },
  cpuUs: { server: 48 },
  rssMb: { server: 131 },
  faults: { lost: 0, duplicated: 0, misordered: 0 },
};
const throughput: Measured = {
  metric: 'throughput',
  unit: 'pairs/s',
  better: 'higher',
  values: [20_000, 30_000, 10_000],
  limits: [40_000, 40_000, 40_000],
  aim: { of: 'ratio', value: 0.8 },
};

test('a line has medians of value, limit and ratio, the spread of the ratio, and says whether the aim is met', () => {
  const line = summarize(throughput, about);
  expect(resultLine.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
  expect(line).toMatchObject({ value: 20_000, limit: 40_000, ratio: 0.5, min: 0.25, max: 0.75, runs: 3, met: false });
});

test('without a limit the ratio is null and the spread is of the value', () => {
  const { limits: _, ...rest } = throughput;
  const line = summarize({ ...rest, better: 'lower', aim: { of: 'value', value: 25_000 } }, about);
  expect(resultLine.parse(line)).toEqual(line);
  expect(line).toMatchObject({ value: 20_000, limit: null, ratio: null, min: 10_000, max: 30_000, met: true });
});

test('a metric without an aim is neither met nor missed', () => {
  const { aim: _, ...rest } = throughput;
  expect(summarize(rest, about)).toMatchObject({ aim: null, met: null });
});

test('a run without its limit is a mistake', () => {
  expect(() => summarize({ ...throughput, limits: [1] }, about)).toThrow(RangeError);
});

test('the table for people names what was measured, the aim and the faults', () => {
  const text = table([summarize(throughput, { ...about, faults: { lost: 2, duplicated: 0, misordered: 1 } })]);
  expect(text).toMatch(/throughput +20000 pairs\/s +40000 +0\.5 +0\.25 … 0\.75 +ratio ≥ 0\.8 +missed/);
  expect(text).toContain('lost 2, duplicated 0, misordered 1');
});

test('lines measured under different circumstances stand in tables of their own', () => {
  const text = table([summarize(throughput, about), summarize(throughput, { ...about, params: { pairs: 21 } })]);
  expect(text.split('\n\n')).toHaveLength(2);
  expect(text).toContain('pairs 21');
});
