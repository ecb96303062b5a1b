import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { childrenOf, cpuUsOf, medians, memoryOf, sumByKind, usedForEach } from './usage.ts';

test('what each kind of process used is divided by what was done, and a process that is new began at zero', () => {
  expect(usedForEach({ gateway: 1_000 }, { gateway: 5_000, delivery: 800 }, 100)).toEqual({ gateway: 40, delivery: 8 });
});

test('several processes of one kind are added up', () => {
  expect(sumByKind({ gateway: [1, 2], auth: [3], delivery: [] }, (pid) => pid * 10)).toEqual({
    gateway: 30,
    auth: 30,
    delivery: 0,
  });
});

test('medians are by kind, and leave out what a run could not see', () => {
  expect(medians([{ a: 1, b: 5 }, { a: 3 }, { a: 2.3456, b: 6 }])).toEqual({ a: 2.35 });
  expect(medians([])).toEqual({});
});

test('a process that lives has its memory, its CPU time and its children found by its id', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log(1)'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const found = childrenOf(process.pid).find(({ pid }) => pid === child.pid);
  expect(found?.command).toContain('process.stdin.resume()');
  expect(memoryOf(child.pid as number, 'VmRSS')).toBeGreaterThan(1_000_000); // it was spawned
  expect(memoryOf(child.pid as number, 'VmHWM')).toBeGreaterThan(1_000_000);
  expect(cpuUsOf(process.pid)).toBeGreaterThan(0);
  child.stdin.end();
  await once(child, 'close');
});
