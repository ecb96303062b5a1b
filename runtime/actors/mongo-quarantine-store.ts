// The quarantine in MongoDB. Stored:
//
//   quarantine  {_id: hash of kind, key and command, at, kind, key, command, reason}    `command`: JSON
//               {_id: hash of queue and frame, at, queue, frame, reason}                `frame`: Base64 of what nobody can read
import { createHash } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { Addressed } from '#protocol/commands.ts';
import type { Unreadable } from '../bus/bus.ts';
import { Conflict } from '../store/database.ts';
import type { Collections, Keyed } from '../store/mongo.ts';
import { attempt } from '../store/mongo-errors.ts';
import type { Quarantine } from './turns.ts';

type CommandDocument = { readonly kind: string; readonly key: string; readonly command: string };
type FrameDocument = { readonly queue: string; readonly frame: string };
type Kept = { readonly at: number; readonly reason: string } & (CommandDocument | FrameDocument);

export class MongoQuarantine implements Quarantine, Unreadable {
  readonly #commands: Collection<Keyed & Kept>;
  readonly #now: () => number;

  constructor(mongo: Collections, now: () => number) {
    this.#commands = mongo.collection('quarantine');
    this.#now = now;
  }

  async keep(to: Addressed, reason: string): Promise<void> {
    const { kind, key } = to;
    const command = JSON.stringify(to.command);
    await this.#insert([kind, key, command], { at: this.#now(), kind, key, command, reason });
  }

  async keepFrame(queue: string, content: Buffer, reason: string): Promise<void> {
    const frame = content.toString('base64');
    await this.#insert([queue, frame], { at: this.#now(), queue, frame, reason });
  }

  async #insert(identity: readonly string[], document: Kept): Promise<void> {
    const _id = createHash('sha256').update(JSON.stringify(identity)).digest('base64url');
    try {
      await attempt(() => this.#commands.insertOne({ _id, ...document }));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // it is kept already
    }
  }
}
