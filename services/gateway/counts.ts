// What a gateway counts: requests, messages, connections. Labels have few values, all of them the protocol's.
import { CLOSE, type CloseName } from '#protocol/close-codes.ts';
import type { Metrics } from '#runtime/metrics.ts';
import { RATE_NAMES, type RateName } from './rates.ts';

/** Why somebody who connects is not let in. */
const REFUSALS = ['not_ready', 'subprotocol', 'network', 'rate'] as const;
export type ConnectionRefusal = (typeof REFUSALS)[number];

type Counting<T> = { inc(labels: T): void };

export class GatewayCounts {
  readonly #requestsTotal;
  readonly #refusedTotal;
  readonly #closes: Counting<{ reason: CloseName }>;
  readonly #limited: Counting<{ limit: RateName }>;
  readonly #turnedAway: Counting<{ reason: ConnectionRefusal }>;
  /** Looked up once for each pair: finding a labelled counter costs more than counting. */
  readonly #requests = new Map<string, { inc(): void }>();
  #accepted = 0;
  #pushed = 0;
  #opened = 0;

  constructor(metrics: Metrics) {
    this.#requestsTotal = metrics.counter('parley_requests_total', 'Requests of clients, by type and outcome', [
      'type',
      'outcome',
    ]);
    this.#refusedTotal = metrics.counter(
      'parley_messages_refused_total',
      'Messages of clients that were answered with an error, by its code',
      ['code'],
    );
    metrics.total(
      'parley_messages_accepted_total',
      'Messages of clients that were answered with ok: each once, however many people it is for',
      () => this.#accepted,
    );
    metrics.total('parley_items_pushed_total', 'Messages and notices pushed to sessions', () => this.#pushed);
    metrics.total('parley_connections_total', 'Connections that were opened', () => this.#opened);
    const closes = metrics.counter('parley_closes_total', 'Connections that the server closed, by reason', ['reason']);
    const limited = metrics.counter('parley_rate_limited_total', 'Times that a rate limit said no, by limit', [
      'limit',
    ]);
    const turnedAway = metrics.counter(
      'parley_connections_refused_total',
      'Connections that were not let in: not_ready, subprotocol, network (too many from one), rate (too many a minute)',
      ['reason'],
    );
    // From 0, so that the first one is seen as an increase.
    for (const reason of Object.keys(CLOSE)) closes.inc({ reason }, 0);
    for (const limit of RATE_NAMES) limited.inc({ limit }, 0);
    for (const reason of REFUSALS) turnedAway.inc({ reason }, 0);
    this.#closes = closes;
    this.#limited = limited;
    this.#turnedAway = turnedAway;
  }

  /** An answered request; `outcome`: ok, or the code of the error. */
  request(type: string, outcome: string): void {
    const key = `${type} ${outcome}`;
    let counter = this.#requests.get(key);
    if (!counter) {
      counter = this.#requestsTotal.labels(type, outcome);
      this.#requests.set(key, counter);
    }
    counter.inc();
    if (type !== 'send') return;
    if (outcome === 'ok') this.#accepted += 1;
    else this.#refusedTotal.inc({ code: outcome });
  }

  pushed(): void {
    this.#pushed += 1;
  }

  opened(): void {
    this.#opened += 1;
  }

  closed(reason: CloseName): void {
    this.#closes.inc({ reason });
  }

  limited(limit: RateName): void {
    this.#limited.inc({ limit });
  }

  turnedAway(reason: ConnectionRefusal): void {
    this.#turnedAway.inc({ reason });
  }
}
