// What operators watch. One registry a process; services add to the metrics named here, so that every process names them alike.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ActorKind } from '#protocol/commands.ts';
import type { TurnObserver } from './actors/turns.ts';

const TURN_BUCKETS_S = [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

export class Metrics implements TurnObserver {
  readonly #registry = new Registry();
  readonly #turns: Record<ActorKind, Histogram.Internal<'kind'>>;
  readonly #commands: Record<ActorKind, Counter.Internal>;
  readonly #requestsTotal = this.#counter('parley_requests_total', 'Requests of clients, by type and outcome', [
    'type',
    'outcome',
  ]);
  /** Looked up once for each pair: finding a labelled counter costs more than counting. */
  readonly #requests = new Map<string, Counter.Internal>();
  readonly pushed = this.#counter('parley_items_pushed_total', 'Messages and notices pushed to sessions', []);
  readonly closes = this.#counter('parley_closes_total', 'Connections that the server closed, by reason', ['reason']);

  constructor() {
    const turns = new Histogram({
      name: 'parley_turn_seconds',
      help: 'Time to decide a turn, by kind of actor',
      labelNames: ['kind'],
      buckets: TURN_BUCKETS_S,
      registers: [this.#registry],
    });
    const commands = this.#counter('parley_turn_commands_total', 'Commands decided in turns, by kind of actor', [
      'kind',
    ]);
    const byKind = <T>(labelled: (kind: ActorKind) => T): Record<ActorKind, T> => ({
      account: labelled('account'),
      group: labelled('group'),
      mailbox: labelled('mailbox'),
    });
    this.#turns = byKind((kind) => turns.labels(kind));
    this.#commands = byKind((kind) => commands.labels(kind));
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Counts an answered request. */
  request(type: string, outcome: string): void {
    const key = `${type} ${outcome}`;
    let counter = this.#requests.get(key);
    if (!counter) {
      counter = this.#requestsTotal.labels(type, outcome);
      this.#requests.set(key, counter);
    }
    counter.inc();
  }

  turn(kind: ActorKind, commands: number, seconds: number): void {
    this.#turns[kind].observe(seconds);
    this.#commands[kind].inc(commands);
  }

  /** A value that is read when it is asked for. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
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

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}
