// What operators watch: one registry a process. What all services have in common is named here; each names its own where it counts
// (services/gateway/counts.ts, services/delivery/service.ts), what concerns the bus is in bus/bus-metrics.ts.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ActorKind } from '#protocol/commands.ts';
import type { TurnObserver } from './actors/turn-observer.ts';
import { PARLEY_VERSION } from './version.ts';

const TURN_BUCKETS_S = [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

/** A host of actors, as far as it is measured. */
type MeasuredHost = { readonly active: number; readonly owned: readonly number[] };

export class Metrics implements TurnObserver {
  readonly #registry = new Registry();
  readonly #turns: Histogram<'kind'>;
  readonly #commands: Counter<'kind'>;
  readonly #retries: Counter<'kind'>;
  readonly #quarantined: Counter<'kind'>;
  /** Children with their label: looking one up by its label costs more than counting. */
  readonly #turnsOf = new Map<ActorKind, { turns: Histogram.Internal<'kind'>; commands: Counter.Internal }>();
  readonly #hosts = new Map<ActorKind, MeasuredHost>();
  readonly #readiness: (() => boolean)[] = [];
  #draining = false;

  constructor() {
    const kind = ['kind'] as const;
    this.#turns = new Histogram({
      name: 'parley_turn_seconds',
      help: 'Time to decide a turn, by kind of actor',
      labelNames: kind,
      buckets: TURN_BUCKETS_S,
      registers: [this.#registry],
    });
    this.#commands = this.counter('parley_turn_commands_total', 'Commands decided in turns, by kind of actor', kind);
    this.#retries = this.counter(
      'parley_turn_retries_total',
      'Steps of turns that were repeated, because another owner had written or because the store or the bus was away or full',
      kind,
    );
    this.#quarantined = this.counter(
      'parley_commands_quarantined_total',
      'Commands that no turn survived, put aside in the quarantine',
      kind,
    );
    this.#ofHosts('parley_actors', 'Actors in memory, by kind', ({ active }) => active);
    this.#ofHosts('parley_partitions_owned', 'Partitions that this process owns, by kind', ({ owned }) => owned.length);
    new Gauge({
      name: 'parley_build_info',
      help: '1; its labels say what runs',
      labelNames: ['version', 'node'],
      registers: [this.#registry],
    }).set({ version: PARLEY_VERSION, node: process.version }, 1);
    this.gauge('parley_ready', '1 if /readyz says ready', () =>
      Number(this.#readiness.length > 0 && this.#readiness.every((isReady) => isReady())),
    );
    this.gauge('parley_draining', '1 once the process was told to end', () => Number(this.#draining));
    collectDefaultMetrics({ register: this.#registry });
  }

  turn(kind: ActorKind, commands: number, seconds: number): void {
    let of = this.#turnsOf.get(kind);
    if (!of) {
      of = { turns: this.#turns.labels(kind), commands: this.#commands.labels(kind) };
      this.#turnsOf.set(kind, of);
    }
    of.turns.observe(seconds);
    of.commands.inc(commands);
  }

  repeated(kind: ActorKind): void {
    this.#retries.inc({ kind });
  }

  quarantined(kind: ActorKind): void {
    this.#quarantined.inc({ kind });
  }

  /** Actors of that kind run here. What is counted of them begins with 0, so that the first one is seen as an increase. */
  runs(kind: ActorKind, host: MeasuredHost): void {
    this.#hosts.set(kind, host);
    this.#turns.zero({ kind });
    for (const counter of [this.#commands, this.#retries, this.#quarantined]) counter.inc({ kind }, 0);
  }

  /** What /readyz asks; where several parts of the process have a say, all of them. */
  readyIf(isReady: () => boolean): void {
    this.#readiness.push(isReady);
  }

  /** The process was told to end. */
  drains(): void {
    this.#draining = true;
  }

  /** A count with labels, each of few values: never a name of somebody. */
  counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  /** Durations; `bucketsS` in seconds. */
  durations(name: string, help: string, bucketsS: number[]): Histogram {
    return new Histogram({ name, help, buckets: bucketsS, registers: [this.#registry] });
  }

  /** A value that is read when it is asked for; while it is undefined, there is none. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  /** A count that somebody keeps, read when it is asked for. */
  total(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** The Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #ofHosts(name: string, help: string, read: (host: MeasuredHost) => number): void {
    const hosts = this.#hosts;
    new Gauge({
      name,
      help,
      labelNames: ['kind'],
      registers: [this.#registry],
      collect() {
        for (const [kind, host] of hosts) this.set({ kind }, read(host));
      },
    });
  }
}
