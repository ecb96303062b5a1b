// The blobs of the distributed mode, in MongoDB. Stored, beside their content (mongo-content-store.ts):
//
//   blob          {_id: blob, owner, device, size, stored, expiresAt, fence, parts: [offset:id], removed}
//                   `parts`: which content counts, in order; its file is called blob:offset:id. `fence`: rises whenever content is taken from those who
//                   may still be storing it. `removed`: nobody finds it any more, but it is there until its content is gone
//   blob_attempt  {_id: blob:offset:id, bytes, at}
//                   content that is being stored, from before its first byte until a record counts it. What stays is a crash's, and swept
//
// A part is counted by one compare-and-set on its record, with the fence as it was before its content was written.
import { randomBytes } from 'node:crypto';
import type { Collection, Filter } from 'mongodb';
import { Unavailable } from '#protocol/errors.ts';
import { HOUR_MS } from '#protocol/limits.ts';
import { Conflict } from '#runtime/store/database.ts';
import type { Collections, Keyed } from '#runtime/store/mongo.ts';
import { attempt } from '#runtime/store/mongo-errors.ts';
import { MongoContentStore } from './mongo-content-store.ts';
import type { BlobRecord, BlobStore, BlobUsage } from './store.ts';

type BlobDocument = Keyed & {
  readonly owner: string;
  readonly device: string;
  readonly size: number;
  readonly stored: number;
  readonly expiresAt: number;
  readonly fence: number;
  readonly parts: readonly string[];
  readonly removed?: boolean;
};
type AttemptDocument = Keyed & { readonly bytes: number; readonly at: number };

type Part = { readonly offset: number; readonly file: string; readonly bytes: number };

/** Content that nobody counted for so long is taken for a crash's. Whoever is still at it then begins anew. */
const LEFT_AFTER_MS = HOUR_MS;
const ID_BYTES = 9;

export class MongoBlobStore implements BlobStore {
  readonly #blobs: Collection<BlobDocument>;
  readonly #attempts: Collection<AttemptDocument>;
  readonly #content: MongoContentStore;
  readonly #now: () => number;
  readonly #id: () => string;
  #indexed: Promise<unknown> | undefined;

  /** `now`: ms since 1970. `id`: unlike every other, of whatever process. */
  constructor(mongo: Collections, now = Date.now, id = () => randomBytes(ID_BYTES).toString('base64url')) {
    this.#blobs = mongo.collection('blob');
    this.#attempts = mongo.collection('blob_attempt');
    this.#content = new MongoContentStore(mongo);
    this.#now = now;
    this.#id = id;
  }

  async find(blob: string): Promise<BlobRecord | undefined> {
    const found = await this.#document(blob);
    if (!found) return undefined;
    const { owner, device, size, stored, expiresAt } = found;
    return { blob, owner, device, size, stored, expiresAt };
  }

  async create({ blob, ...record }: BlobRecord): Promise<boolean> {
    await this.#index();
    const inserted = attempt(() => this.#blobs.insertOne({ _id: blob, ...record, fence: 0, parts: [] }));
    return inserted.then(
      () => true,
      (error) => (error instanceof Conflict ? false : Promise.reject(error)),
    );
  }

  async append(
    blob: string,
    { offset, bytes, expiresAt }: { readonly offset: number; readonly bytes: number; readonly expiresAt: number },
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const found = await this.#document(blob);
    if (found?.stored !== offset) throw new Conflict(`${found?.stored} bytes are stored, not ${offset}.`);
    const part = `${offset}:${this.#id()}`;
    const file = `${blob}:${part}`;
    const at = this.#now();
    await attempt(() => this.#attempts.insertOne({ _id: file, bytes, at }));
    try {
      await this.#content.write(file, { bytes, at, filename: blob }, body);
      const counted = { $set: { stored: offset + bytes, expiresAt }, $push: { parts: part } };
      const here = { _id: blob, stored: offset, fence: found.fence };
      const { matchedCount } = await attempt(() => this.#blobs.updateOne(here, counted));
      if (matchedCount === 0) throw new Conflict(`The upload has gone on: ${offset} came too late.`);
    } catch (error) {
      // What MongoDB did not answer may still happen: then the content waits for a sweep.
      if (!(error instanceof Unavailable)) await this.#discard({ file, bytes }).catch(() => {});
      throw error;
    }
    await attempt(() => this.#attempts.deleteOne({ _id: file })).catch(() => {}); // a sweep does it, too
  }

  async *read(blob: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    let next = from;
    for (const { offset, file, bytes } of partsOf(await this.#document(blob))) {
      const end = Math.min(to, offset + bytes);
      if (next >= end) continue;
      yield* this.#content.read(file, next - offset, end - offset);
      next = end;
    }
    if (next < to) throw new Unavailable('These bytes of the file are not stored.');
  }

  async usage(owner?: string): Promise<BlobUsage> {
    const matched = owner === undefined ? [] : [{ $match: { owner } }];
    const summed = [...matched, { $group: { _id: null, blobs: { $sum: 1 }, bytes: { $sum: '$size' } } }];
    const [total] = await attempt(() => this.#blobs.aggregate<BlobUsage>(summed).toArray());
    return { blobs: total?.blobs ?? 0, bytes: total?.bytes ?? 0 };
  }

  async remove(blob: string): Promise<void> {
    await this.#remove({ _id: blob });
  }

  async sweep(now: number, limit: number): Promise<number> {
    const expired = { expiresAt: { $lt: now } };
    const found = await attempt(() => this.#blobs.find(expired, { projection: { _id: 1 }, limit }).toArray());
    let removed = 0;
    for (const { _id } of found) if (await this.#remove({ _id, ...expired })) removed += 1;
    await this.#sweepAttempts(now, limit);
    return removed;
  }

  /** Whether it was there. The record is marked first and removed last: a crash in between leaves one that a sweep finds expired. */
  async #remove(filter: Filter<BlobDocument> & Keyed): Promise<boolean> {
    const mark = { $set: { removed: true, expiresAt: 0 }, $inc: { fence: 1 } };
    const { matchedCount } = await attempt(() => this.#blobs.updateOne(filter, mark));
    if (matchedCount === 0) return false;
    const { _id } = filter;
    const parts = partsOf((await attempt(() => this.#blobs.findOne({ _id }))) ?? undefined);
    await this.#content.remove(parts);
    const { deletedCount } = await attempt(() => this.#blobs.deleteOne({ _id, removed: true }));
    return deletedCount > 0;
  }

  async #sweepAttempts(now: number, limit: number): Promise<void> {
    const old = { at: { $lt: now - LEFT_AFTER_MS } };
    for (const { _id: file, bytes } of await attempt(() => this.#attempts.find(old, { limit }).toArray())) {
      const [blob = '', offset, id] = file.split(':');
      // Whoever may still be storing it, stopped for an hour, comes too late from now on.
      await attempt(() => this.#blobs.updateOne({ _id: blob }, { $inc: { fence: 1 } }));
      const found = await attempt(() => this.#blobs.findOne({ _id: blob }, { projection: { parts: 1 } }));
      if (found?.parts.includes(`${offset}:${id}`)) await attempt(() => this.#attempts.deleteOne({ _id: file }));
      else await this.#discard({ file, bytes });
    }
  }

  async #discard(part: Omit<Part, 'offset'>): Promise<void> {
    await this.#content.remove([part]);
    await attempt(() => this.#attempts.deleteOne({ _id: part.file }));
  }

  async #document(blob: string): Promise<BlobDocument | undefined> {
    const found = await attempt(() => this.#blobs.findOne({ _id: blob }));
    return found && !found.removed ? found : undefined;
  }

  /** What `usage` and `sweep` look for; everything else is looked up by its key. */
  async #index(): Promise<void> {
    this.#indexed ??= attempt(() =>
      Promise.all([
        this.#blobs.createIndex({ owner: 1, size: 1 }),
        this.#blobs.createIndex({ expiresAt: 1 }),
        this.#attempts.createIndex({ at: 1 }),
      ]),
    );
    try {
      await this.#indexed;
    } catch (error) {
      this.#indexed = undefined;
      throw error;
    }
  }
}

/** The parts that a record counts, in order: each ends where the next one begins, the last one with what is stored. */
function partsOf(document: BlobDocument | undefined): Part[] {
  if (!document) return [];
  const { _id, parts, stored } = document;
  const offsetOf = (part: string): number => Number(part.slice(0, part.indexOf(':')));
  return parts.map((part, index) => {
    const next = parts[index + 1];
    const offset = offsetOf(part);
    return { offset, file: `${_id}:${part}`, bytes: (next === undefined ? stored : offsetOf(next)) - offset };
  });
}
