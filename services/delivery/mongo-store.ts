// The mailboxes of the distributed mode, in MongoDB. All its operations of delivery are here. Stored:
//
//   mailbox  {_id: user, rank, length, devices, deleted, first, next, cursors: {device: n}, used: {device: ms}, seen}
//              `rank`: 2 × length, and 1 more once deleted: it only rises. `first`: nothing is stored below. `next`: the number of the
//              next chunk as far as it was noted: at most 32 chunks old, and raised before anything is removed.
//   chunk    {_id: user/n, by, count, charges, items}
//              `by`: who counts on it. `charges`, `items`: JSON, because addresses are no field names, and nobody on the way looks inside
//
// Every document is looked up by its key, except for `users` and `survey`. One document is written at a time; the fences are the key of a chunk, and
// `next`, which is looked at after a chunk was inserted: whoever removed a chunk of that number had raised it before.
import { randomUUID } from 'node:crypto';
import type { AnyBulkWriteOperation, Collection, UpdateFilter } from 'mongodb';
import { Conflict } from '#runtime/store/database.ts';
import type { Collections, Keyed } from '#runtime/store/mongo.ts';
import { attempt, duplicateIn } from '#runtime/store/mongo-errors.ts';
import { bytesIn, type Charges } from './charges.ts';
import * as keys from './mongo-keys.ts';
import {
  CHUNK_NUMBERS,
  type Chunk,
  type ChunkInfo,
  type ChunkSize,
  type MailboxState,
  type MailboxStore,
  type MailboxWrite,
  type StoredItem,
} from './store.ts';

type HeadDocument = Keyed & {
  readonly rank: number;
  readonly length: number;
  readonly devices: string[];
  readonly deleted: boolean;
  readonly first: number;
  readonly next: number;
  readonly cursors?: Readonly<Record<string, number>>;
  readonly used?: Readonly<Record<string, number>>;
  readonly seen?: number;
};
type ChunkDocument = Keyed & {
  readonly by: string;
  readonly count: number;
  readonly charges: string;
  readonly items: string;
};

type Write<T extends MailboxWrite['type']> = Extract<MailboxWrite, { type: T }>;
const REMOVALS = ['cursor', 'trim', 'remove', 'replace'] as const;
type Removal = Write<(typeof REMOVALS)[number]>;

/** Chunks looked up side by side. */
const LOOKUPS_MAX = 32;
/** `next` of a head, and `first`, may be so many chunks old. */
const HINT_AGE_CHUNKS = 32;
/** Keys that `users` fetches at a time: the chunks of a mailbox are many, and only one of them counts. */
const USERS_BATCH_KEYS = 1_000;
const SURVEY_BATCH_CHUNKS = 1_000;

export class MongoMailboxStore implements MailboxStore {
  readonly #heads: Collection<HeadDocument>;
  readonly #chunks: Collection<ChunkDocument>;
  readonly #by: string;

  /** `by`: unlike that of every other store on the same database. */
  constructor(mongo: Collections, by: string = randomUUID()) {
    this.#by = by;
    this.#heads = mongo.collection('mailbox');
    this.#chunks = mongo.collection('chunk');
  }

  async load(user: string): Promise<MailboxState | undefined> {
    const head = await attempt(() => this.#heads.findOne({ _id: user }));
    if (!head) return undefined;
    const { length, devices, deleted, first } = head;
    const { chunks, next } = await this.#walk(user, head);
    const lowest = chunks[0]?.n ?? next;
    if (lowest - first > HINT_AGE_CHUNKS * CHUNK_NUMBERS) await this.#raise(user, { first: lowest });
    const [cursors, used] = [keys.fromFields(head.cursors ?? {}), keys.fromFields(head.used ?? {})];
    return { length, devices, deleted, next, cursors, used, seen: head.seen, chunks };
  }

  async write(user: string, writes: readonly MailboxWrite[]): Promise<void> {
    for (let at = 0; at < writes.length; ) {
      const rest = writes.slice(at);
      const appends = leading(rest, isAppend);
      const removals = leading(rest, isRemoval);
      if (appends.length > 0) await this.#append(user, appends);
      else if (removals.length > 0) await this.#remove(user, removals);
      else if (rest[0]?.type === 'account') await this.#account(user, rest[0]);
      else if (rest[0]?.type === 'used') await this.#used(user, rest[0]);
      else if (rest[0]?.type === 'seen') await this.#seen(user, rest[0]);
      at += Math.max(1, appends.length, removals.length);
    }
  }

  async read(user: string, from: number, before: number, limit: number): Promise<readonly Chunk[]> {
    const found: Chunk[] = [];
    const start = Math.floor(from / CHUNK_NUMBERS) * CHUNK_NUMBERS;
    for (
      let n = start, many = Math.min(limit, LOOKUPS_MAX);
      n < before && found.length < limit;
      many = Math.min(many * 2, LOOKUPS_MAX)
    ) {
      const numbers = range(n, Math.min(n + many * CHUNK_NUMBERS, before));
      const documents = await this.#find(user, numbers, { count: 1, items: 1 });
      documents.forEach((document, index) => {
        const at = numbers[index] as number; // as many documents as numbers
        if (!document || at + document.count <= from) return;
        found.push({ n: at, items: JSON.parse(document.items) as StoredItem[] }); // written below
      });
      n += numbers.length * CHUNK_NUMBERS;
    }
    return found.slice(0, limit);
  }

  async users(after: string, limit: number): Promise<readonly string[]> {
    const users: string[] = [];
    const filter = after === '' ? {} : { _id: { $gt: keys.lastOf(after) } };
    const cursor = this.#chunks.find(filter, { projection: { _id: 1 }, sort: { _id: 1 }, batchSize: USERS_BATCH_KEYS });
    await attempt(async () => {
      for await (const { _id } of cursor) {
        const user = keys.userOf(_id);
        if (user === users.at(-1)) continue;
        if (users.length === limit) break; // which closes the cursor
        users.push(user);
      }
    });
    return users;
  }

  async survey(each: (chunk: ChunkSize) => void): Promise<void> {
    const projection = { _id: 1, count: 1, charges: 1 };
    const cursor = this.#chunks.find({}, { projection, batchSize: SURVEY_BATCH_CHUNKS });
    await attempt(async () => {
      for await (const { _id, count, charges } of cursor) {
        each({ user: keys.userOf(_id), items: count, bytes: bytesIn(JSON.parse(charges) as Charges) }); // written below
      }
    });
  }

  /** What is known of every chunk, from the first to the last: up to `next` there may be holes, beyond it there are none. */
  async #walk(user: string, head: HeadDocument): Promise<{ chunks: ChunkInfo[]; next: number }> {
    const chunks: ChunkInfo[] = [];
    let many = 1;
    for (let n = head.first; ; ) {
      const known = n < head.next;
      const numbers = range(n, known ? Math.min(n + LOOKUPS_MAX * CHUNK_NUMBERS, head.next) : n + many * CHUNK_NUMBERS);
      for (const document of await this.#find(user, numbers, { count: 1, charges: 1 })) {
        if (!document && !known) return { chunks, next: n };
        if (document) {
          chunks.push({ n, count: document.count, charges: JSON.parse(document.charges) as Charges }); // written below
        }
        n += CHUNK_NUMBERS;
      }
      if (!known) many = Math.min(many * 2, LOOKUPS_MAX);
    }
  }

  /** The chunks of these numbers, in that order. One look-up each: FerretDB would search the whole collection for `$in`. */
  #find(
    user: string,
    numbers: readonly number[],
    projection: Partial<Record<keyof ChunkDocument, 1>>,
  ): Promise<(ChunkDocument | null)[]> {
    return attempt(() =>
      Promise.all(numbers.map((n) => this.#chunks.findOne({ _id: keys.chunkKey(user, n) }, { projection }))),
    );
  }

  async #account(user: string, { length, devices, deleted, cursors, used }: Write<'account'>): Promise<void> {
    const rank = 2 * length + (deleted ? 1 : 0);
    const begun = Object.fromEntries(Object.entries(cursors).map(([device, n]) => [keys.cursorField(device), n]));
    // Where the stored rank is not lower, the filter finds nothing, so a document is to be inserted, whose key is there: Conflict.
    const update: UpdateFilter<HeadDocument> = {
      $set: { rank, length, devices: [...devices], deleted, used: keys.toFields(used) },
      $max: { first: CHUNK_NUMBERS, next: CHUNK_NUMBERS, ...begun },
      ...(deleted ? { $unset: { seen: '' } } : {}),
    };
    await attempt(() => this.#heads.updateOne({ _id: user, rank: { $lt: rank } }, update, { upsert: true }));
  }

  async #used(user: string, { device, at }: Write<'used'>): Promise<void> {
    const inUse = { _id: user, devices: device };
    await attempt(() => this.#heads.updateOne(inUse, { $set: { [keys.usedField(device)]: at } }));
  }

  async #seen(user: string, { at }: Write<'seen'>): Promise<void> {
    await attempt(() => this.#heads.updateOne({ _id: user, deleted: false }, { $set: { seen: at } }));
  }

  async #append(user: string, appends: readonly Write<'append'>[]): Promise<void> {
    const first = appends[0]?.chunk.n ?? 0;
    const end = (appends.at(-1)?.chunk.n ?? 0) + CHUNK_NUMBERS;
    const inserted = await this.#insert(appends.map(({ chunk, charges }) => this.#document(user, chunk, charges)));
    const head = await attempt(() => this.#heads.findOne({ _id: user }, { projection: { next: 1 } }));
    if (!head || head.next > first) {
      // Whoever appended them is told that they are not there; another owner that counts on one has taken it over.
      await this.#delete(inserted);
      throw new Conflict(`The mailbox has gone on to ${head?.next}; ${first} came too late.`);
    }
    if (end - head.next > HINT_AGE_CHUNKS * CHUNK_NUMBERS) await this.#raise(user, { next: end });
  }

  /** Inserts in order; returns the keys of those that were not there. The same chunk from an earlier try, whose answer was lost, is no conflict. */
  async #insert(documents: readonly ChunkDocument[]): Promise<string[]> {
    const inserted: string[] = [];
    for (let rest = documents; rest.length > 0; ) {
      const at = await attempt(() =>
        this.#chunks.insertMany(rest, { ordered: true }).then(
          () => rest.length,
          (error) => duplicateIn(error) ?? Promise.reject(error),
        ),
      );
      inserted.push(...rest.slice(0, at).map(({ _id }) => _id));
      const refused = rest[at];
      if (refused) await this.#mustBe(refused);
      rest = rest.slice(at + 1);
    }
    return inserted;
  }

  /** Takes a chunk over that is there already: an owner before, which may still be at it, stored the same under the same number. */
  async #mustBe({ _id, by, items }: ChunkDocument): Promise<void> {
    const present = await attempt(() => this.#chunks.findOne({ _id }, { projection: { by: 1, items: 1 } }));
    if (present?.items !== items) throw new Conflict(`Another owner stored ${_id}.`);
    if (present.by === by) return;
    const { matchedCount } = await attempt(() => this.#chunks.updateOne({ _id }, { $set: { by } }));
    if (matchedCount === 0) throw new Conflict(`Another owner removed ${_id}.`);
  }

  /** Cursors and hints first: then a crash leaves only what the next owner removes, and never a number that could be given again. */
  async #remove(user: string, removals: readonly Removal[]): Promise<void> {
    const raised = new Map<string, number>();
    const raise = (field: string, n: number) => raised.set(field, Math.max(n, raised.get(field) ?? 0));
    const operations: AnyBulkWriteOperation<ChunkDocument>[] = [];
    const trimmed: number[] = [];
    for (const write of removals) {
      if (write.type === 'cursor') {
        raise(keys.cursorField(write.device), write.n);
      } else if (write.type === 'replace') {
        const { _id, ...fields } = this.#document(user, write.chunk, write.charges);
        operations.push({ updateOne: { filter: { _id }, update: { $set: fields } } });
      } else {
        raise('next', write.n + CHUNK_NUMBERS);
        if (write.type === 'trim') trimmed.push(write.n);
        operations.push({ deleteOne: { filter: { _id: keys.chunkKey(user, write.n) } } });
      }
    }
    // Not the end of what is trimmed: a crash in between would leave chunks that nobody looks for.
    if (trimmed.length > 0) raise('first', Math.min(...trimmed));
    if (raised.size > 0) await this.#raise(user, Object.fromEntries(raised));
    if (operations.length > 0) await attempt(() => this.#chunks.bulkWrite(operations, { ordered: false }));
  }

  async #delete(ids: readonly string[]): Promise<void> {
    const operations = ids.map((_id) => ({ deleteOne: { filter: { _id, by: this.#by } } }));
    if (operations.length > 0) await attempt(() => this.#chunks.bulkWrite(operations, { ordered: false }));
  }

  #document(user: string, { n, items }: Chunk, charges: Charges): ChunkDocument {
    return {
      _id: keys.chunkKey(user, n),
      by: this.#by,
      count: items.length,
      charges: JSON.stringify(charges),
      items: JSON.stringify(items),
    };
  }

  async #raise(user: string, fields: Readonly<Record<string, number>>): Promise<void> {
    await attempt(() => this.#heads.updateOne({ _id: user }, { $max: fields }));
  }
}

function leading<T extends MailboxWrite>(
  writes: readonly MailboxWrite[],
  is: (write: MailboxWrite) => write is T,
): T[] {
  const other = writes.findIndex((write) => !is(write));
  return (other < 0 ? writes : writes.slice(0, other)) as T[]; // each of them is
}

const isAppend = (write: MailboxWrite): write is Write<'append'> => write.type === 'append';
const isRemoval = (write: MailboxWrite): write is Removal => REMOVALS.some((type) => type === write.type);

/** The numbers of the chunks from `from` up to `before`. */
function range(from: number, before: number): number[] {
  return Array.from({ length: Math.ceil((before - from) / CHUNK_NUMBERS) }, (_, index) => from + index * CHUNK_NUMBERS);
}
