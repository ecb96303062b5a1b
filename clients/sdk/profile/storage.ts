// Where a profile's records lie: ordered key/value spaces with transactions. Small on purpose: SQLite, memory and IndexedDB can each be it.
// Values and keys come here already encrypted and hashed (sealed-records.ts); no implementation knows what they mean.

/** A numbered set of records, ordered bytewise by key. */
export type SpaceNumber = number;

export type Row = { readonly key: Uint8Array; readonly value: Uint8Array };

/** Keys in [from, to), ascending, or descending with `reverse`; at most `limit` rows. An absent end is open. */
export type Range = {
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
};

export interface StorageReader {
  get(space: SpaceNumber, key: Uint8Array): Promise<Uint8Array | undefined>;
  range(space: SpaceNumber, range: Range): Promise<Row[]>;
  count(space: SpaceNumber): Promise<number>;
}

export interface StorageWriter extends StorageReader {
  put(space: SpaceNumber, key: Uint8Array, value: Uint8Array): Promise<void>;
  delete(space: SpaceNumber, key: Uint8Array): Promise<void>;
}

/** One process at a time holds each. `printer`: may print events; `receiver`: may hold the receiving session. */
export type LockName = 'printer' | 'receiver';
export type Lock = { release(): void };

/**
 * Failures are ProfileErrors. `work` awaits nothing but the transaction's own methods (IndexedDB ends a transaction that idles, and other
 * processes wait meanwhile). It runs once. Transactions of all processes are serial.
 */
export interface ProfileStorage {
  read<T>(work: (tx: StorageReader) => Promise<T>): Promise<T>;
  /** All or nothing; resolves once it would survive a power cut. `work` throwing undoes it and rejects with what it threw. */
  write<T>(work: (tx: StorageWriter) => Promise<T>): Promise<T>;
  /** Undefined: taken, by this process or another. The death of its holder frees it. */
  tryLock(name: LockName): Promise<Lock | undefined>;
  /**
   * One number that is written without waiting for a disk: survives the death of the process at once, a power cut within seconds.
   * 0 at first. Only the holder of `printer` writes it. (A browser has localStorage for it.)
   */
  readMark(): number;
  writeMark(mark: number): void;
  /** `changed` after commits by anybody, within 100 ms; may come without cause. Returns the stop. */
  watch(changed: () => void): () => void;
  /** What was overwritten or deleted before is in no file any more, as far as other processes that read let go of it within a moment. Never fails. */
  scrub(): Promise<void>;
  close(): Promise<void>;
  /** Deletes `first` (the wrapped key) for good, then overwrites and removes everything. Closed afterwards. */
  erase(first: { readonly space: SpaceNumber; readonly key: Uint8Array }): Promise<void>;
}
