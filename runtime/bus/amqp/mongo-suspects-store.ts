// Commands that may be what kills their owners, remembered in MongoDB, which outlives them. Stored:
//
//   suspect  {_id: id of the command}
import type { Collection } from 'mongodb';
import { Conflict } from '../../store/database.ts';
import type { Collections, Keyed } from '../../store/mongo.ts';
import { attempt } from '../../store/mongo-errors.ts';
import type { Suspects } from '../bus.ts';

export class MongoSuspects implements Suspects {
  readonly #suspects: Collection<Keyed>;

  constructor(mongo: Collections) {
    this.#suspects = mongo.collection('suspect');
  }

  async note(id: string): Promise<boolean> {
    try {
      await attempt(() => this.#suspects.insertOne({ _id: id }));
      return false;
    } catch (error) {
      if (error instanceof Conflict) return true;
      throw error;
    }
  }

  async clear(id: string): Promise<void> {
    await attempt(() => this.#suspects.deleteOne({ _id: id }));
  }
}
