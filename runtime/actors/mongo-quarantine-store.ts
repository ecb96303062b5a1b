// The quarantine in MongoDB. Stored:
//
//   quarantine  {_id: hash of kind, key and command, at, kind, key, command, reason}    `command`: JSON
import { createHash } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { Addressed } from '#protocol/commands.ts';
import { Conflict } from '../store/database.ts';
import type { Collections, Keyed } from '../store/mongo.ts';
import { attempt } from '../store/mongo-errors.ts';
import type { Quarantine } from './turns.ts';

type QuarantineDocument = Keyed & {
  readonly at: number;
  readonly kind: string;
  readonly key: string;
  readonly command: string;
  readonly reason: string;
};

export class MongoQuarantine implements Quarantine {
  readonly #commands: Collection<QuarantineDocument>;
  readonly #now: () => number;

  constructor(mongo: Collections, now: () => number) {
    this.#commands = mongo.collection('quarantine');
    this.#now = now;
  }

  async keep(to: Addressed, reason: string): Promise<void> {
    const { kind, key } = to;
    const command = JSON.stringify(to.command);
    const _id = createHash('sha256')
      .update(JSON.stringify([kind, key, command]))
      .digest('base64url');
    try {
      await attempt(() => this.#commands.insertOne({ _id, at: this.#now(), kind, key, command, reason }));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // it is kept already
    }
  }
}
