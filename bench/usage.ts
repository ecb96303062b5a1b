// What processes use, as Linux counts it: read from /proc by their ids, so that it costs the measured ones nothing.
import { readFileSync } from 'node:fs';
import { median, significant } from './statistics.ts';

/** Linux counts a process's CPU time in ticks of 1/100 s, whatever the kernel's own. */
const TICK_US = 10_000;
const BYTES_PER_KIB = 1_024;

/** A number for each kind of process: server, or gateway, delivery, auth, rabbitmq, mongo, nats; relay; generator. */
export type PerProcess = Readonly<Record<string, number>>;
/** The ids of the processes of each kind. */
export type Pids = Readonly<Record<string, readonly number[]>>;

/** CPU time of a process and its threads so far, in µs. */
export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold anything; what follows it is columns. User time is the 12th of them, system time the 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Memory of a process in bytes: VmRSS is what is resident, VmHWM the most that ever was. */
export function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? Number.NaN) * BYTES_PER_KIB;
}

/** Ids of the processes that this one started and that live, with their command lines. */
export function childrenOf(pid: number): { readonly pid: number; readonly command: string }[] {
  const ids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  if (ids === '') return [];
  return ids.split(' ').map((id) => ({
    pid: Number(id),
    command: readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' '),
  }));
}

/** Adds up what `look` finds at each process, by kind. */
export function sumByKind(pids: Pids, look: (pid: number) => number): PerProcess {
  return mapKinds(pids, (ids) => ids.reduce((sum, pid) => sum + look(pid), 0));
}

/** What each kind used between two looks, for each of `count` things. */
export function usedForEach(before: PerProcess, after: PerProcess, count: number): PerProcess {
  return mapKinds(after, (used, kind) => (used - (before[kind] ?? 0)) / count);
}

/** The medians of runs, by kind, as lines show them. A kind that a run lacks is left out. */
export function medians(runs: readonly PerProcess[]): PerProcess {
  const everywhere = Object.keys(runs[0] ?? {}).filter((kind) => runs.every((run) => run[kind] !== undefined));
  return Object.fromEntries(
    everywhere.map((kind) => [kind, significant(median(runs.map((run) => run[kind] as number)), 3)]), // every run has it
  );
}

function mapKinds<T>(record: Readonly<Record<string, T>>, map: (value: T, kind: string) => number): PerProcess {
  return Object.fromEntries(Object.entries(record).map(([kind, value]) => [kind, map(value, kind)]));
}
