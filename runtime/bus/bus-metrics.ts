// What operators watch of a bus, whichever it is.
import type { Metrics } from '../metrics.ts';

/** `published`: so far. `lagMs`: the age of the oldest publish without a confirm. */
type MeasuredBus = {
  readonly partitions: number;
  readonly lagMs: number;
  readonly behindMs: number;
  readonly unconfirmed: number;
  readonly awayMs: number;
  readonly blocked: boolean;
  readonly published: { readonly frames: number; readonly items: number; readonly bytes: number };
};

export function measureBus(metrics: Metrics, bus: MeasuredBus): void {
  metrics.gauge('parley_partitions', 'Partitions of each kind, of the whole deployment', () => bus.partitions);
  metrics.gauge(
    'parley_bus_lag_seconds',
    'Age of the oldest publish without a confirm (embedded: without its commit)',
    () => bus.lagMs / 1_000,
  );
  metrics.gauge(
    'parley_partition_lag_seconds',
    'How long commands wait in the queue of the partition owned here that is most behind; 0: less than a second',
    () => bus.behindMs / 1_000,
  );
  metrics.gauge('parley_bus_unconfirmed', 'Publishes that wait for their confirm', () => bus.unconfirmed);
  metrics.gauge('parley_bus_away_seconds', 'How long RabbitMQ has been away', () => bus.awayMs / 1_000);
  metrics.gauge('parley_bus_blocked', '1 if RabbitMQ takes nothing, for want of memory or disk', () =>
    Number(bus.blocked),
  );
  metrics.total(
    'parley_bus_frames_total',
    'Frames published: messages to RabbitMQ, or rows of the journal',
    () => bus.published.frames,
  );
  metrics.total('parley_bus_items_total', 'Commands and answers in those frames', () => bus.published.items);
  metrics.total(
    'parley_bus_bytes_total',
    'Bytes of those frames (of the journal: characters)',
    () => bus.published.bytes,
  );
}
