// The documents of a deployment in MongoDB, taken out as they are and put back byte for byte; what of them is looked into is what a restore
// has to set right (mongo-restore.ts). All operations of backup and restore on MongoDB are here.
import { BSON } from 'mongodb';
import { MIB } from '#protocol/limits.ts';
import { StartError } from '#runtime/start-error.ts';
import { RESTORING } from '#runtime/store/meta.ts';
import type { Keyed, Mongo } from '#runtime/store/mongo.ts';
import { attempt } from '#runtime/store/mongo-errors.ts';

/**
 * In this order a backup of a deployment at work is whole (ARCHITECTURE, backup): what says how far something has come is read before the thing
 * itself, and what is told of something before what tells it. Collections that are not named come last.
 */
const ORDER: readonly string[] = [
  ...['mailbox', 'chunk'],
  ...['group_head', 'group_entry', 'group_mark', 'group_member', 'group_open', 'group_record'],
  ...['auth_accounts', 'auth_invitations'],
];
/** Commands that may have killed their owners: a restored deployment has none of them. What is of files is read through their own store (files.ts). */
const LEFT_OUT: ReadonlySet<string> = new Set(['suspect', 'blob', 'blob_attempt', 'blobs.files', 'blobs.chunks']);
const SCHEMA = 'schema';
const NAMES_AT_ONCE = 500;
const INSERT_MAX_DOCUMENTS = 500;
const INSERT_MAX_BYTES = 8 * MIB;
/** As they came: a number stays of the type that it had. */
const EXACTLY = { promoteValues: false, promoteLongs: false, promoteBuffers: false } as const;

type Fact = Keyed & { readonly value: string };
type Head = Keyed & { readonly next: number };

export type Facts = { readonly schema: string; readonly domain: string; readonly partitions: number };

export class MongoArchive {
  readonly #mongo: Mongo;

  constructor(mongo: Mongo) {
    this.#mongo = mongo;
  }

  /** In the order in which they are to be read. */
  async collections(): Promise<string[]> {
    const there = await this.#mongo.collections();
    const others = there.filter((name) => !ORDER.includes(name) && !LEFT_OUT.has(name));
    return [...ORDER.filter((name) => there.includes(name)), ...others];
  }

  /** The documents of a collection as BSON, a batch in memory at a time. */
  async *documents(name: string): AsyncGenerator<Uint8Array> {
    const cursor = this.#mongo.collection(name).find({}, { raw: true });
    for (;;) {
      const document = await attempt(() => cursor.next());
      if (document === null) return;
      yield document as unknown as Uint8Array; // that is what `raw` means
    }
  }

  /** Whose data it is; undefined: there is none. */
  async facts(): Promise<Facts | undefined> {
    const [schema, domain, partitions] = await Promise.all(
      [SCHEMA, 'domain', 'partitions'].map((one) => this.#fact(one)),
    );
    if (schema === undefined || domain === undefined || partitions === undefined) return undefined;
    return { schema, domain, partitions: Number(partitions) };
  }

  /** Some names of blobs behind this one, in their order. */
  async blobs(after: string): Promise<string[]> {
    const found = this.#mongo.collection('blob').find({ _id: { $gt: after } }, { projection: { _id: 1 } });
    const some = await attempt(() => found.sort({ _id: 1 }).limit(NAMES_AT_ONCE).toArray());
    return some.map(({ _id }) => String(_id));
  }

  // ---- restoring -----------------------------------------------------------

  /** Marks the database, so that no service starts on it before `finish`. What an earlier restore left is removed. Throws StartError unless it is empty. */
  async begin(): Promise<void> {
    if ((await this.#fact(SCHEMA)) === RESTORING) await this.wipe();
    for (const name of await this.#mongo.collections()) {
      if ((await attempt(() => this.#mongo.collection(name).findOne({}))) === null) continue;
      throw new StartError(
        'The database in mongoUrl is not empty, and a restore overwrites nothing. Begin with a fresh volume or name another database.',
      );
    }
    await attempt(() => this.#mongo.collection<Fact>('meta').insertOne({ _id: SCHEMA, value: RESTORING }));
  }

  /** From now on services may start. */
  async finish(schema: string): Promise<void> {
    await attempt(() => this.#mongo.collection<Fact>('meta').updateOne({ _id: SCHEMA }, { $set: { value: schema } }));
  }

  /** Removes everything, the mark last. */
  async wipe(): Promise<void> {
    const names = (await this.#mongo.collections()).filter((name) => name !== 'meta');
    for (const name of [...names, 'meta']) await attempt(() => this.#mongo.collection(name).drop());
  }

  /** Puts documents in; `see` is shown each with its plain values. */
  async insert(
    name: string,
    documents: AsyncIterable<Uint8Array>,
    see: (document: Readonly<Record<string, unknown>>) => void,
  ): Promise<number> {
    let inserted = 0;
    let batch: BSON.Document[] = [];
    let bytes = 0;
    const flush = async () => {
      const some = batch as Keyed[]; // every document has a key
      [batch, bytes] = [[], 0];
      if (some.length > 0) await attempt(() => this.#mongo.collection(name).insertMany(some, { ordered: false }));
    };
    for await (const document of documents) {
      inserted += 1;
      const plain = BSON.deserialize(document);
      if (name === 'meta' && plain._id === SCHEMA) continue; // `finish` writes it
      see(plain);
      batch.push(BSON.deserialize(document, EXACTLY));
      bytes += document.length;
      if (batch.length === INSERT_MAX_DOCUMENTS || bytes > INSERT_MAX_BYTES) await flush();
    }
    await flush();
    return inserted;
  }

  /** The next chunk of this mailbox has at least this number. */
  async raiseMailbox(user: string, next: number): Promise<void> {
    await attempt(() => this.#mongo.collection<Head>('mailbox').updateOne({ _id: user }, { $max: { next } }));
  }

  async removeRecord(name: string, n: number): Promise<void> {
    await attempt(() => this.#mongo.collection('group_record').deleteOne({ _id: `${name}/${n}` }));
  }

  async raiseEpochs(by: number): Promise<void> {
    const epochs = this.#mongo.collection<Keyed & { readonly value: number }>('epoch');
    await attempt(() => epochs.updateMany({}, { $inc: { value: by } }));
  }

  async #fact(name: string): Promise<string | undefined> {
    return (await attempt(() => this.#mongo.collection<Fact>('meta').findOne({ _id: name })))?.value;
  }
}
