// The facts about a store in MongoDB, and the epochs of its partitions. Stored:
//
//   meta   {_id: name, value: text}                 `schema`, `domain`, `partitions`: written once
//   epoch  {_id: kind/partition, value: number}     raised by $inc whenever an instance takes the partition

import type { Collection } from 'mongodb';
import type { ActorKind } from '#protocol/commands.ts';
import { Conflict } from './database.ts';
import { claimFacts, type PartitionEpochs, type SharedFacts, type StoreFacts, type StoreMeta } from './meta.ts';
import type { Collections, Keyed } from './mongo.ts';
import { attempt } from './mongo-errors.ts';

/** The form of the documents that this version reads and writes. */
export const SCHEMA_VERSION = 1;

export class MongoMetaStore implements StoreMeta, PartitionEpochs, SharedFacts {
  readonly #mongo: Collections;

  constructor(mongo: Collections) {
    this.#mongo = mongo;
  }

  claim(facts: StoreFacts): Promise<void> {
    return claimFacts((name, value) => this.#first(name, value), SCHEMA_VERSION, facts, 'database in --mongo-url');
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
