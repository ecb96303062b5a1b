// What a process that carries a file says: one JSON line for each.
import { existsSync, writeSync } from 'node:fs';
import { memoryOf } from '../../bench/usage.ts';

/** `path`: where it was saved. `ms`: how long it took. `cpuUs`: CPU time of that. `peakBytes`: the most memory that the process ever had, where the system says. */
export type Line =
  | { readonly type: 'online' }
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | {
      readonly type: 'done';
      readonly ms: number;
      readonly cpuUs: number;
      readonly peakBytes: number | undefined;
      readonly path?: string;
    }
  | { readonly type: 'failed'; readonly message: string };

const STDOUT = 1;

/** Returns once it is written: whoever is killed after it has said it. */
export function say(line: Line): void {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
}

type Taken = { readonly ms: number; readonly cpuUs: number };

/** Begins to measure; what it returns says what was taken since then. */
export function begin(): () => Taken {
  const at = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - at, cpuUs: user + system };
  };
}

/** The last word of a process that did what it was for. */
export function sayDone(taken: Taken, path?: string): void {
  const peakBytes = existsSync('/proc/self/status') ? memoryOf(process.pid, 'VmHWM') : undefined;
  say({ type: 'done', ...taken, peakBytes, ...(path === undefined ? {} : { path }) });
}
