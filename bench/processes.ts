// The processes under test: started afresh for each run, measured from outside, and ended with their data.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Listening } from '../test/listening.fixture.ts';

const SERVER = fileURLToPath(new URL('../services/server.ts', import.meta.url));
const RELAY = fileURLToPath(new URL('./relay.ts', import.meta.url));
/** Linux counts a process's CPU time in ticks of 1/100 s, whatever the kernel's own. */
const TICK_US = 10_000;
const KIB_PER_MB = 1_000_000 / 1_024;

/** A running server or relay. */
export class Subject {
  readonly #process: Listening;

  constructor(process: Listening) {
    this.#process = process;
  }

  get url(): string {
    return this.#process.url;
  }

  /** CPU time of all its threads so far, in µs. */
  get cpuUs(): number {
    return cpuUsOf(this.#process.pid);
  }

  /** Resident memory in bytes. */
  get rssBytes(): number {
    return statusKib(this.#process.pid, 'VmRSS') * 1_024;
  }

  /** The most that was ever resident, in MB. */
  get peakMb(): number {
    return Math.round(statusKib(this.#process.pid, 'VmHWM') / KIB_PER_MB);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  /** Ends it with this signal and waits for its end. What it complained of is shown. */
  async end(name: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process.end(name);
    process.stderr.write(this.#process.stderr);
  }
}

/** CPU time of a process and its threads, in µs. */
export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold anything; what follows it is columns. User time is the 12th of them, system time the 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

function statusKib(pid: number, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? Number.NaN);
}

/** A directory for one server, in the system's place for temporary files. */
export async function withData<T>(use: (data: string) => Promise<T>): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  try {
    return await use(data);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

/** Starts the product, embedded, on this data. `nodeOptions`: for Node itself, such as --cpu-prof. */
export async function startServer(data: string, nodeOptions: readonly string[] = []): Promise<Subject> {
  const options = ['--port', '0', '--data', data, '--rate-factor', '1000000', '--log-level', 'warn'];
  return new Subject(await Listening.start([...nodeOptions, SERVER, ...options]));
}

export async function startRelay(): Promise<Subject> {
  return new Subject(await Listening.start([RELAY]));
}
