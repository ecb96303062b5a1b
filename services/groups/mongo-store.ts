// The groups of the distributed mode, in MongoDB. All its operations of the groups service are here. Stored:
//
//   group_record  {_id: name/n, next, at, record}      a record, as JSON, and the number behind it
//   group_head    {_id: name, next, first, group, base, length, policy, members, deleted}
//                   `next`: all that follows from records below it is done. It may be HINT_AGE_RECORDS old. `first`: no record is below it.
//   group_entry   {_id: group/index, number, entry, signature}
//   group_mark    {_id: group/device/id, number, mh, epoch, persons, at}
//   group_member  {_id: user/name, rank}                2 × number in the name's sequence, and 1 more while they are in it
//   group_open    {_id: name, rank, open}
//
// One document is written at a time. A record comes first: the key that it is inserted under is the fence, and everything else follows from
// it, is the same whoever derives it, and is derived again by whoever loads the name. What changes carries the number that it comes from
// and only rises, so that an owner that was overtaken undoes nothing. Everything is looked up by its key but lists, which are in its order.
import type { Collection, UpdateFilter } from 'mongodb';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { GroupPolicy } from '#protocol/group-entry.ts';
import { Conflict } from '#runtime/store/database.ts';
import type { Collections, Keyed } from '#runtime/store/mongo.ts';
import { attempt } from '#runtime/store/mongo-errors.ts';
import type { GroupRecord, GroupStore, KeptEntry, KeptGroup, Listing, Mark, MarkKey } from './store.ts';

type RecordDocument = Keyed & { readonly next: number; readonly at: number; readonly record: string };
type HeadDocument = Keyed & {
  readonly next: number;
  readonly first: number;
  readonly group: string;
  readonly base: number;
  readonly length: number;
  readonly policy: GroupPolicy;
  readonly members: number;
  readonly deleted: boolean;
};
type EntryDocument = Keyed & KeptEntry;
type MarkDocument = Keyed & Omit<Mark, keyof MarkKey>;
type RankedDocument = Keyed & { readonly rank: number; readonly open?: boolean };

/** Look-ups side by side. */
const LOOKUPS_MAX = 32;
/** `next` of a head may be so many records old. */
const HINT_AGE_RECORDS = 32;

export class MongoGroupStore implements GroupStore {
  readonly #records: Collection<RecordDocument>;
  readonly #heads: Collection<HeadDocument>;
  readonly #entries: Collection<EntryDocument>;
  readonly #marks: Collection<MarkDocument>;
  readonly #members: Collection<RankedDocument>;
  readonly #open: Collection<RankedDocument>;
  /** Records since the head was raised, by name. Forgotten with the name's next entry, and with the process: it is only thrift. */
  readonly #unraised = new Map<string, number>();

  constructor(mongo: Collections) {
    this.#records = mongo.collection('group_record');
    this.#heads = mongo.collection('group_head');
    this.#entries = mongo.collection('group_entry');
    this.#marks = mongo.collection('group_mark');
    this.#members = mongo.collection('group_member');
    this.#open = mongo.collection('group_open');
  }

  async load(name: string): Promise<KeptGroup | undefined> {
    let head = await attempt(() => this.#heads.findOne({ _id: name }));
    let next = head?.next ?? 1;
    for (;;) {
      const found = await attempt(() => this.#records.findOne({ _id: `${name}/${next}` }));
      if (!found) break;
      await this.#follow(name, JSON.parse(found.record) as GroupRecord); // written below
      next = found.next;
    }
    if (next > (head?.next ?? 1)) {
      await this.#raise(name, next);
      head = await attempt(() => this.#heads.findOne({ _id: name }));
    }
    if (!head) return undefined;
    const { group, base, length } = head;
    const entries: readonly SignedGroupEntryText[] = await this.entries(group, 0, length);
    return { group, base, next, entries: entries.map(({ entry, signature }) => ({ entry, signature })) };
  }

  async write(name: string, records: readonly GroupRecord[]): Promise<void> {
    for (const record of records) {
      await this.#insert(name, record);
      await this.#follow(name, record);
      const unraised = (this.#unraised.get(name) ?? 0) + 1;
      this.#unraised.set(name, unraised);
      if (unraised >= HINT_AGE_RECORDS) await this.#raise(name, record.n + record.count);
    }
  }

  async entries(group: string, from: number, before: number): Promise<readonly KeptEntry[]> {
    const found: KeptEntry[] = [];
    for (let at = from; at < before; at += LOOKUPS_MAX) {
      const indexes = Array.from({ length: Math.min(LOOKUPS_MAX, before - at) }, (_, offset) => at + offset);
      const documents = await attempt(() =>
        Promise.all(indexes.map((index) => this.#entries.findOne({ _id: `${group}/${index}` }))),
      );
      for (const document of documents) {
        if (!document) return found;
        const { number, entry, signature } = document;
        found.push({ number, entry, signature });
      }
    }
    return found;
  }

  async marks(group: string, keys: readonly MarkKey[]): Promise<readonly (Mark | undefined)[]> {
    const found: (Mark | undefined)[] = [];
    for (let at = 0; at < keys.length; at += LOOKUPS_MAX) {
      const some = keys.slice(at, at + LOOKUPS_MAX);
      const documents = await attempt(() =>
        Promise.all(some.map((key) => this.#marks.findOne({ _id: markKey(group, key) }))),
      );
      found.push(
        ...documents.map((document, index) => (document ? toMark(some[index] as MarkKey, document) : undefined)),
      ); // as many documents as keys
    }
    return found;
  }

  async groupsOf(address: string, after: string, limit: number): Promise<readonly Listing[]> {
    const filter = { _id: { $gt: `${address}/${after}`, $lt: `${address}0` } }; // 0 is the character after the slash
    const names = await this.#names(this.#members, filter, limit, ({ rank }) => rank % 2 === 1);
    return this.#listings(
      names.map((key) => key.slice(address.length + 1)),
      ({ deleted }) => !deleted,
    );
  }

  async openGroups(after: string, limit: number): Promise<readonly Listing[]> {
    const filter = after === '' ? {} : { _id: { $gt: after } };
    const names = await this.#names(this.#open, filter, limit, ({ open }) => open === true);
    return this.#listings(names, ({ deleted, policy }) => !deleted && policy !== 'closed');
  }

  async sweep(before: number, mine: (name: string) => boolean): Promise<void> {
    const names: string[] = [];
    const cursor = this.#heads.find({}, { projection: { _id: 1 }, sort: { _id: 1 } });
    await attempt(async () => {
      for await (const { _id } of cursor) if (mine(_id)) names.push(_id);
    });
    for (const name of names) await this.#sweepName(name, before);
  }

  // ---- records -------------------------------------------------------------

  /** The same record from an earlier try, or by an owner before that was given the same commands, is no conflict: it says the same. */
  async #insert(name: string, record: GroupRecord): Promise<void> {
    const _id = `${name}/${record.n}`;
    const text = JSON.stringify(record);
    const document = { _id, next: record.n + record.count, at: record.at, record: text };
    try {
      await attempt(() => this.#records.insertOne(document));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const present = await attempt(() => this.#records.findOne({ _id }));
      if (present?.record !== text) throw error;
    }
  }

  /** What follows from a record; doing it again changes nothing. The head comes last. */
  async #follow(name: string, { n, count, group, base, marks, first, entries, change }: GroupRecord): Promise<void> {
    if (marks.length > 0) {
      const operations = marks.map(({ device, id, ...fields }) => upsert(markKey(group, { device, id }), fields));
      await attempt(() => this.#marks.bulkWrite(operations, { ordered: false }));
    }
    if (!change) return;
    const kept = entries.map((entry, offset) => upsert(`${group}/${first + offset}`, entry));
    await attempt(() => this.#entries.bulkWrite(kept, { ordered: false }));
    for (const [address, isMember] of Object.entries(change.membership)) {
      await this.#rank(this.#members, `${address}/${name}`, 2 * n + (isMember ? 1 : 0), {});
    }
    if (change.listed) {
      await this.#rank(this.#open, name, n, { open: !change.deleted && change.policy !== 'closed' });
    }
    const { policy, members, deleted } = change;
    const next = n + count;
    const length = first + entries.length;
    await orNewer(() =>
      this.#heads.updateOne(
        { _id: name, next: { $lt: next } },
        { $set: { next, group, base, length, policy, members, deleted }, $setOnInsert: { first: 1 } },
        { upsert: true },
      ),
    );
    this.#unraised.delete(name);
  }

  async #raise(name: string, next: number): Promise<void> {
    await attempt(() => this.#heads.updateOne({ _id: name }, { $max: { next } }));
    this.#unraised.delete(name);
  }

  /** Notes what is so from a number on, unless what is noted is newer. */
  async #rank(
    collection: Collection<RankedDocument>,
    _id: string,
    rank: number,
    fields: Partial<RankedDocument>,
  ): Promise<void> {
    await orNewer(() =>
      collection.updateOne({ _id, rank: { $lt: rank } }, { $set: { rank, ...fields } }, { upsert: true }),
    );
  }

  // ---- lists and sweeps ----------------------------------------------------

  async #names(
    collection: Collection<RankedDocument>,
    filter: object,
    limit: number,
    counts: (document: RankedDocument) => boolean,
  ): Promise<string[]> {
    const names: string[] = [];
    const cursor = collection.find(filter, { sort: { _id: 1 }, batchSize: limit });
    await attempt(async () => {
      for await (const document of cursor) {
        if (!counts(document)) continue;
        names.push(document._id);
        if (names.length === limit) break; // which closes the cursor
      }
    });
    return names;
  }

  /** One whose entry has just changed it, and whose head is newer than the list, is left out by `counts`. */
  async #listings(names: readonly string[], counts: (head: HeadDocument) => boolean): Promise<Listing[]> {
    const listings: Listing[] = [];
    for (let at = 0; at < names.length; at += LOOKUPS_MAX) {
      const some = names.slice(at, at + LOOKUPS_MAX);
      const heads = await attempt(() => Promise.all(some.map((name) => this.#heads.findOne({ _id: name }))));
      for (const head of heads) {
        if (!head || !counts(head)) continue;
        const { _id: name, group, policy, members } = head;
        listings.push({ name, group, policy, members });
      }
    }
    return listings;
  }

  /** Marks first, then `first`, then the record: a crash leaves at most one record that nobody looks for. */
  async #sweepName(name: string, before: number): Promise<void> {
    const head = await attempt(() => this.#heads.findOne({ _id: name }));
    for (let n = head?.first ?? 0; head && n < head.next; ) {
      const document = await attempt(() => this.#records.findOne({ _id: `${name}/${n}` }));
      if (!document || document.at >= before) return;
      const { group, marks } = JSON.parse(document.record) as GroupRecord; // written above
      for (const mark of marks) await attempt(() => this.#marks.deleteOne({ _id: markKey(group, mark) }));
      n = document.next;
      await attempt(() => this.#heads.updateOne({ _id: name }, { $max: { first: n } }));
      await attempt(() => this.#records.deleteOne({ _id: document._id }));
    }
  }
}

function markKey(group: string, { device, id }: MarkKey): string {
  return `${group}/${device}/${id}`;
}

function toMark({ device, id }: MarkKey, { number, mh, epoch, persons, at }: MarkDocument): Mark {
  return { device, id, number, mh, epoch, persons, at };
}

function upsert<T extends Keyed>(_id: string, fields: Omit<T, '_id'>) {
  // What follows from a record never changes, so who comes second leaves it. The driver's types do not see that T has these fields.
  const update = { $setOnInsert: fields } as unknown as UpdateFilter<T>;
  return { updateOne: { filter: { _id } as object, update, upsert: true } };
}

/** Where something newer is there, the filter finds nothing, so a document is to be inserted, whose key is there: no failure. */
async function orNewer(operation: () => Promise<unknown>): Promise<void> {
  try {
    await attempt(operation);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
}
