// The facts about a store in MongoDB, and the epochs of its partitions. Stored:
//
//   meta   {_id: name, value: text}                 `domain`, `partitions`: written once; `schema`: raised (form-watch.ts)
//   epoch  {_id: kind/partition, value: number}     raised by $inc whenever an instance takes the partition

import type { Collection } from 'mongodb';
import type { ActorKind } from '#protocol/commands.ts';
import { Unavailable } from '#protocol/errors.ts';
import { Conflict } from './database.ts';
import { MONGO_FORMS } from './forms.ts';
import {
  claimFacts,
  FORM,
  type PartitionEpochs,
  type RecordedForm,
  readForm,
  type SharedFacts,
  type StoreFacts,
  type StoreMeta,
} from './meta.ts';
import type { Collections, Keyed } from './mongo.ts';
import { attempt } from './mongo-errors.ts';

const SETTING = 'database in --mongo-url';

/** As `MongoMetaStore.claim`, of facts that were read before, by name; what is not among them is taken for right. Nothing is recorded. */
export async function checkFacts(kept: ReadonlyMap<string, string>, facts: StoreFacts): Promise<void> {
  const keep = async (name: string, value: string) => kept.get(name) ?? value;
  await claimFacts(keep, MONGO_FORMS, facts, SETTING);
}

export class MongoMetaStore implements StoreMeta, PartitionEpochs, SharedFacts, RecordedForm {
  readonly #mongo: Collections;
  /** Those that this version reads. */
  readonly forms: readonly number[];

  constructor(mongo: Collections, forms = MONGO_FORMS) {
    this.#mongo = mongo;
    this.forms = forms;
  }

  async claim(facts: StoreFacts): Promise<void> {
    await claimFacts((name, value) => this.#first(name, value), this.forms, facts, SETTING);
  }

  async form(): Promise<number> {
    const kept = await attempt(() => this.#facts.findOne({ _id: FORM }));
    if (!kept) throw new Unavailable('MongoDB: the database is empty.'); // as in the middle of a restore
    return readForm(kept.value, this.forms, SETTING);
  }

  async raise(from: number, to: number): Promise<void> {
    await attempt(() => this.#facts.updateOne({ _id: FORM, value: String(from) }, { $set: { value: String(to) } }));
  }

  async take(kind: ActorKind, partition: number): Promise<number> {
    const epochs = this.#mongo.collection<Keyed & { value: number }>('epoch');
    const _id = `${kind}/${partition}`;
    const next = () =>
      epochs.findOneAndUpdate({ _id }, { $inc: { value: 1 } }, { upsert: true, returnDocument: 'after' });
    // Two who both find none both insert it, and one of them is refused: then it is there.
    const taken = await attempt(next).catch((error) => {
      if (error instanceof Conflict) return attempt(next);
      throw error;
    });
    if (!taken) throw new Error('An upsert that returns the document after it returned none.');
    return taken.value;
  }

  async keepFact(name: string, value: string): Promise<string> {
    return this.#first(`fact ${name}`, value);
  }

  async fact(name: string): Promise<string | undefined> {
    const kept = await attempt(() => this.#facts.findOne({ _id: `fact ${name}` }));
    return kept?.value;
  }

  get #facts(): Collection<Keyed & { value: string }> {
    return this.#mongo.collection('meta');
  }

  async #first(name: string, value: string): Promise<string> {
    await attempt(() => this.#facts.insertOne({ _id: name, value })).catch((error) => {
      if (!(error instanceof Conflict)) throw error;
    });
    const kept = await attempt(() => this.#facts.findOne({ _id: name }));
    return kept?.value ?? value;
  }
}
