// The processes under test: started afresh for each run, measured from outside, and ended with their data.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../services/server.ts', import.meta.url));
const RELAY = fileURLToPath(new URL('./relay.ts', import.meta.url));
/** Linux counts a process's CPU time in ticks of 1/100 s, whatever the kernel's own. */
const TICK_US = 10_000;
const KIB_PER_MB = 1_000_000 / 1_024;
const START_MAX_MS = 20_000;

/** A running server or relay. */
export class Subject {
  readonly #child: ChildProcess;
  readonly url: string;

  constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  get #pid(): number {
    return this.#child.pid as number; // it has printed its first line
  }

  /** CPU time of all its threads so far, in µs. */
  get cpuUs(): number {
    return cpuUsOf(this.#pid);
  }

  /** Resident memory in bytes. */
  get rssBytes(): number {
    return statusKib(this.#pid, 'VmRSS') * 1_024;
  }

  /** The most that was ever resident, in MB. */
  get peakMb(): number {
    return Math.round(statusKib(this.#pid, 'VmHWM') / KIB_PER_MB);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it with this signal and waits for its end. */
  async end(name: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(name);
    await ended;
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
export function startServer(data: string, nodeOptions: readonly string[] = []): Promise<Subject> {
  const options = ['--port', '0', '--data', data, '--rate-factor', '1000000', '--log-level', 'warn'];
  return start([...nodeOptions, SERVER, ...options]);
}

export function startRelay(): Promise<Subject> {
  return start([RELAY]);
}

/** Its first line ends with its address. Throws if it ends before, or says nothing. */
function start(args: readonly string[]): Promise<Subject> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const killed = (): boolean => child.kill('SIGKILL');
  process.once('exit', killed); // a benchmark that fails leaves no server behind
  child.once('exit', () => process.off('exit', killed));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MAX_MS);
    child.once('exit', (code, signal) => reject(new Error(`${args.join(' ')} ended: ${signal ?? code}`)));
    createInterface(child.stdout).once('line', (line) => {
      clearTimeout(timer);
      resolve(new Subject(child, line.slice(line.indexOf('ws://'))));
    });
  });
}
