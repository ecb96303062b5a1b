// How much waits in the store, for operators. It is counted from time to time, chunk by chunk: whatever counted along would be wrong after
// a crash, and would have to be handed over with a partition. Each instance counts all, and says what is in the partitions that it owns:
// so a partition that moves is neither missing nor there twice.
import type { Metrics } from '#runtime/metrics.ts';
import { partitionOf } from '#runtime/partitions.ts';
import type { MailboxStore } from './store.ts';

/** Counting takes at most this part of the time: a backlog of many GiB is counted less often. */
const SHARE_OF_TIME_MAX = 1 / 20;

/** By partition. `at`: when it was complete, ms since 1970. */
type Count = { readonly at: number; readonly items: readonly number[]; readonly bytes: readonly number[] };

export type BacklogDeps = {
  readonly store: MailboxStore;
  readonly partitions: number;
  /** The partitions that are this instance's now. */
  readonly owned: () => readonly number[];
  readonly everyMs: number;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly onFailed: (error: unknown) => void;
};

export class Backlog {
  readonly #deps: BacklogDeps;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #count: Count | undefined;

  constructor(deps: BacklogDeps) {
    this.#deps = deps;
  }

  /** Counts now, and again and again until it is stopped. A store that is away is asked again. */
  start(): void {
    const { everyMs, monotonic, onFailed } = this.#deps;
    const begun = monotonic();
    const done = (): void => {
      if (this.#stopped) return;
      const rest = Math.max(everyMs, (monotonic() - begun) / SHARE_OF_TIME_MAX);
      this.#timer = setTimeout(() => this.start(), rest).unref();
    };
    this.#countAll().then(done, (error: unknown) => {
      if (!this.#stopped) onFailed(error);
      done();
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #countAll(): Promise<void> {
    const { store, partitions, now } = this.#deps;
    const items = new Array<number>(partitions).fill(0);
    const bytes = new Array<number>(partitions).fill(0);
    await store.survey((chunk) => {
      const partition = partitionOf(chunk.user, partitions);
      items[partition] = (items[partition] ?? 0) + chunk.items;
      bytes[partition] = (bytes[partition] ?? 0) + chunk.bytes;
    });
    this.#count = { at: now(), items, bytes };
  }

  measure(metrics: Metrics): void {
    metrics.gauge(
      'parley_backlog_items',
      'Items in the store (messages, notices, entries of groups) that not every device of their person has taken, of the mailboxes owned here, as last counted',
      () => this.#ours(({ items }) => items),
    );
    metrics.gauge('parley_backlog_bytes', 'Bytes of those items, as they count for quotas', () =>
      this.#ours(({ bytes }) => bytes),
    );
    metrics.gauge(
      'parley_backlog_counted_timestamp_seconds',
      'When they were last counted',
      () => this.#count && this.#count.at / 1_000,
    );
  }

  #ours(of: (count: Count) => readonly number[]): number | undefined {
    const count = this.#count;
    return count && this.#deps.owned().reduce((sum, partition) => sum + (of(count)[partition] ?? 0), 0);
  }
}
