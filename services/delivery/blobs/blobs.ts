// What a ticket lets its device do with a blob: whose it is, where its upload stands, whether there is room for it and how long it stays.
import { RequestError } from '#protocol/errors.ts';
import { DAY_MS, HOUR_MS } from '#protocol/limits.ts';
import { partBytes } from '#protocol/sealed-file.ts';
import { Conflict } from '#runtime/store/database.ts';
import type { Ticket } from '#runtime/tickets.ts';
import type { BlobRecord, BlobStore } from './store.ts';
import type { Total } from './total.ts';

/** An upload to which nothing was added for so long is given up. */
const UNFINISHED_MAX_MS = DAY_MS;
/** A blob is whole before its message is sent, so the message's retention ends later than the blob's would: by the time that sending it takes. */
const GRACE_MS = HOUR_MS;
/** Of an account. Each takes a record, a folder and a file of 4 KiB, whatever its size: of one byte each, a quota would hold more than any disk. */
export const BLOBS_PER_ACCOUNT_MAX = 100_000;

/** The upload stands elsewhere: `stored` bytes are there. */
export class WrongOffset extends RequestError {
  readonly stored: number;

  constructor(stored: number) {
    super('wrong_offset');
    this.stored = stored;
  }
}

/** A part that may come: what its body is done with. Resolves with the bytes that are stored then, and whether these are all. */
export type AwaitedPart = (
  body: AsyncIterable<Uint8Array>,
) => Promise<{ readonly stored: number; readonly whole: boolean }>;

/** What the disk has room for, where blobs are on one of this machine. */
export type BlobSpace = { readonly low: boolean; hasRoomFor(bytes: number): boolean };

export type BlobDeps = {
  readonly store: BlobStore;
  readonly total: Total;
  /** ms since 1970 */
  readonly now: () => number;
  /** Whether the wall clock may say that something has expired. */
  readonly expiry: { readonly believed: boolean };
  readonly space: BlobSpace;
  /** Of an account, and of all together, in bytes. */
  readonly quotaBytes: number;
  readonly totalBytes: number;
};

export class Blobs {
  readonly #deps: BlobDeps;

  constructor(deps: BlobDeps) {
    this.#deps = deps;
  }

  /** Where an upload stands: bytes that are stored, 0 before its first part. Throws RequestError. */
  async stored(ticket: Ticket): Promise<number> {
    return (await this.#upload(ticket))?.stored ?? 0;
  }

  /**
   * Judges a part of `bytes` bytes before any of it is read. The first one makes the blob, which counts whole from then on. Throws RequestError, among them
   * WrongOffset; so does what it returns, and what its body and the store throw.
   */
  async awaitPart(ticket: Ticket, { offset, bytes }: { offset: number; bytes: number }): Promise<AwaitedPart> {
    const { store, now, space } = this.#deps;
    const { blob, size, retention } = ticket;
    const record = await this.#upload(ticket);
    if (offset !== (record?.stored ?? 0)) throw new WrongOffset(record?.stored ?? 0);
    const wanted = partBytes(size, offset);
    if (wanted === undefined) throw new RequestError('bad_request', `No part of this upload begins at ${offset}.`);
    if (bytes !== wanted)
      throw new RequestError('bad_request', `The part at ${offset} of this upload has ${wanted} bytes, not ${bytes}.`);
    if (space.low) throw new RequestError('no_space');
    if (offset === 0) await this.#begin(ticket, record);
    const stored = offset + bytes;
    const whole = stored === size;
    return async (body) => {
      const expiresAt = now() + (whole ? retention + GRACE_MS : UNFINISHED_MAX_MS);
      try {
        await store.append(blob, { offset, bytes, expiresAt }, body);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw new WrongOffset((await store.find(blob))?.stored ?? 0); // another request brought the same part, or a sweep was quicker
      }
      return { stored, whole };
    };
  }

  /** A blob that can be downloaded. Throws RequestError `no_such_file`. */
  async whole({ blob }: Ticket): Promise<BlobRecord> {
    const record = await this.#deps.store.find(blob);
    if (!record || record.stored < record.size || this.#hasExpired(record)) throw new RequestError('no_such_file');
    return record;
  }

  /** The record of an upload that this ticket may go on with; undefined before its first part. */
  async #upload({ blob, address, device, size }: Ticket): Promise<BlobRecord | undefined> {
    const record = await this.#deps.store.find(blob);
    if (!record) return undefined;
    // That there is one of that name is nobody else's business.
    if (record.owner !== address || record.device !== device) throw new RequestError('no_such_file');
    if (record.stored === record.size && this.#hasExpired(record)) throw new RequestError('no_such_file');
    if (record.size !== size)
      throw new RequestError('bad_request', `This upload was begun with ${record.size} bytes, not ${size}.`);
    return record;
  }

  /** The record first, then the sums: of two that are over together, neither goes unseen. */
  async #begin({ blob, address: owner, device, size }: Ticket, record: BlobRecord | undefined): Promise<void> {
    const { store, total, now, quotaBytes, totalBytes, space } = this.#deps;
    if (size > quotaBytes) throw new RequestError('files_over_quota');
    if (!space.hasRoomFor(size)) throw new RequestError('no_space');
    const expiresAt = now() + UNFINISHED_MAX_MS;
    const created = !record && (await store.create({ blob, owner, device, size, stored: 0, expiresAt }));
    if (created) total.add(size);
    try {
      const own = await store.usage(owner);
      if (own.bytes > quotaBytes || own.blobs > BLOBS_PER_ACCOUNT_MAX) throw new RequestError('files_over_quota');
      if ((await total.bytes()) > totalBytes) throw new RequestError('no_space');
    } catch (error) {
      if (error instanceof RequestError) await store.remove(blob); // else the next attempt at this part takes the sums
      if (created) total.add(-size);
      throw error;
    }
  }

  /** A sweep has not come by yet. */
  #hasExpired({ expiresAt }: BlobRecord): boolean {
    return this.#deps.expiry.believed && expiresAt < this.#deps.now();
  }
}
