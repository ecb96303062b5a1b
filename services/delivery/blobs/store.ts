// What delivery keeps of files: blobs, each sealed by a client, opened by clients alone. Every implementation passes store.contract.ts.
//
//   record `blob`    whose it is, how long it will be and how much of it is there
//   content          its bytes, in files or in GridFS; what no record counts is removed by a sweep
//
// A blob grows by whole parts, in order, and never changes once it is whole.

/** Times in ms since 1970. `blob`, `device`: Base64. `stored`: how many of its `size` bytes are there. */
export type BlobRecord = {
  readonly blob: string;
  readonly owner: string;
  readonly device: string;
  readonly size: number;
  readonly stored: number;
  /** Of an upload that is not whole: when it is given up if nothing is added. Else: when its retention ends. */
  readonly expiresAt: number;
};

/** How many blobs, and what they take once they are whole, in bytes. */
export type BlobUsage = { readonly blobs: number; readonly bytes: number };

export interface BlobStore {
  find(blob: string): Promise<BlobRecord | undefined>;
  /** Of a blob of which nothing is stored yet. False: there is one of that name, and stays as it is. */
  create(record: BlobRecord): Promise<boolean>;
  /**
   * Stores `bytes` bytes that follow the `offset` that are there, all or none of them; resolves once they are durable. Fence: throws Conflict if other than
   * `offset` bytes are there by then, or no record any more. Throws what `body` throws, and ProtocolError if it has more or fewer bytes. Holds little of it in memory.
   */
  append(
    blob: string,
    part: { readonly offset: number; readonly bytes: number; readonly expiresAt: number },
    body: AsyncIterable<Uint8Array>,
  ): Promise<void>;
  /** The bytes from `from` to before `to` of what is stored, in pieces of any size, few in memory. Throws Unavailable if they are not there (any more). */
  read(blob: string, from: number, to: number): AsyncIterable<Uint8Array>;
  /** Those of one owner, or all. */
  usage(owner?: string): Promise<BlobUsage>;
  /** Removes the blob with all of its content; one that is not there is no fault. */
  remove(blob: string): Promise<void>;
  /** Removes up to `limit` blobs that expired before `now`, and content that a crash left without a record. How many blobs it removed. */
  sweep(now: number, limit: number): Promise<number>;
}
