// What the blobs of all accounts take together. Counting them reads every record, so it is counted seldom, and what is added here meanwhile is added up.
import { SECOND_MS } from '#protocol/limits.ts';
import type { BlobStore, BlobUsage } from './store.ts';

/** What other processes add in this time is not seen: little, beside what a server stores. */
const MAX_AGE_MS = 5 * SECOND_MS;
/** Of the time, what counting may take: less often where it takes long. */
const SHARE_MAX = 0.02;

export class Total {
  readonly #store: BlobStore;
  readonly #monotonic: () => number;
  #counted: BlobUsage | undefined;
  #countedAt = Number.NEGATIVE_INFINITY;
  #maxAgeMs = MAX_AGE_MS;
  #addedBytes = 0;
  #counting: Promise<void> | undefined;

  /** `monotonic`: ms that no clock change moves. */
  constructor(store: BlobStore, monotonic: () => number) {
    this.#store = store;
    this.#monotonic = monotonic;
  }

  /** As counted last; undefined: not yet. */
  get counted(): BlobUsage | undefined {
    return this.#counted;
  }

  /** All that is stored or will be, in bytes. */
  async bytes(): Promise<number> {
    if (this.#monotonic() - this.#countedAt > this.#maxAgeMs) await this.count();
    return (this.#counted?.bytes ?? 0) + this.#addedBytes;
  }

  /** Some more, or with a negative number some less, of which no count knows. */
  add(bytes: number): void {
    this.#addedBytes += bytes;
  }

  /** Counts now, once for all who ask meanwhile. */
  count(): Promise<void> {
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #count(): Promise<void> {
    const [begin, before] = [this.#monotonic(), this.#addedBytes];
    this.#counted = await this.#store.usage();
    this.#countedAt = this.#monotonic();
    this.#maxAgeMs = Math.max(MAX_AGE_MS, (this.#countedAt - begin) / SHARE_MAX);
    this.#addedBytes -= before; // what came while it was counted may be counted twice until the next time
  }
}
