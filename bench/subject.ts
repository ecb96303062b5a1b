// What is measured: the processes of a server or of the relay, as a load generator sees them from outside.
import type { Listening } from '../test/listening.fixture.ts';
import { type BusCounts, busCounts } from './counters.ts';
import type { Haproxy } from './haproxy.ts';
import { cpuUsOf, memoryOf, type PerProcess, type Pids, sumByKind } from './usage.ts';

const BYTES_PER_MB = 1_000_000;

/**
 * `nodeOptions`: for Node itself, such as --cpu-prof. `settings`: further ones of the server, as options. `throughHaproxy`: clients come
 * through one, in the mode that has several doors.
 */
export type StartOptions = {
  readonly nodeOptions: readonly string[];
  readonly holdMs: number;
  readonly settings?: readonly string[];
  readonly throughHaproxy?: boolean;
};

/** The options of a server, in either mode. Limits of rates are not what is measured. */
export function serverOptions({ holdMs, settings = [] }: StartOptions): string[] {
  const underLoad = ['--port', '0', '--rate-factor', '1000000', '--log-level', 'warn'];
  return [...underLoad, '--hold-ms', String(holdMs), ...settings];
}

/**
 * `own`: what was started for this measurement. `shared`: brokers and stores that were there before, and that others may use meanwhile.
 * `metricsUrls`: where services count what they do. `front`: the one door before all others, which ends with them.
 */
export type Parts = {
  readonly own: () => Pids;
  readonly shared?: Pids;
  readonly metricsUrls?: readonly string[];
  readonly front?: Pick<Haproxy, 'url' | 'pid' | 'end'>;
};

export class Subject {
  readonly #process: Listening;
  readonly #parts: Parts;

  constructor(process: Listening, parts: Parts) {
    this.#process = process;
    this.#parts = parts;
  }

  /** One for each of its doors. */
  get urls(): readonly string[] {
    const { front } = this.#parts;
    return front ? [front.url] : this.#process.urls;
  }

  /** The first door. */
  get url(): string {
    return this.#parts.front?.url ?? this.#process.url;
  }

  /** The processes started for it, by kind. */
  get own(): Pids {
    return this.#parts.own();
  }

  /** The processes that do its work beside its own. */
  get #others(): Pids {
    const { front, shared } = this.#parts;
    return { ...shared, ...(front && { haproxy: [front.pid] }) };
  }

  /** CPU time so far, in µs. */
  get cpuUs(): PerProcess {
    return sumByKind({ ...this.own, ...this.#others }, cpuUsOf);
  }

  /** Resident memory of its own processes, in bytes. */
  get rssBytes(): PerProcess {
    return sumByKind(this.own, (pid) => memoryOf(pid, 'VmRSS'));
  }

  /** The most that was ever resident, in MB; of what was there before: what is resident now. */
  get peakMb(): PerProcess {
    const peaks = sumByKind(this.own, (pid) => Math.round(memoryOf(pid, 'VmHWM') / BYTES_PER_MB));
    const now = sumByKind(this.#others, (pid) => Math.round(memoryOf(pid, 'VmRSS') / BYTES_PER_MB));
    return { ...peaks, ...now };
  }

  /** What its services sent each other so far; nothing where they share a process. */
  async busCounts(): Promise<BusCounts | undefined> {
    const { metricsUrls } = this.#parts;
    return metricsUrls && busCounts(metricsUrls);
  }

  /** Sends a signal to each of its own processes. */
  signal(name: NodeJS.Signals): void {
    for (const pid of Object.values(this.own).flat()) process.kill(pid, name);
  }

  /** Ends it with this signal and waits for its end. What it complained of is shown. */
  async end(name: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#parts.front?.end();
    if (!this.#process.alive) return;
    await this.#process.end(name);
    process.stderr.write(this.#process.stderr);
  }
}
