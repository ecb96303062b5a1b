// The quarantine in MongoDB. Stored:
//
//   quarantine  {_id: hash of kind, key and command, at, kind, key, command, reason}    `command`: JSON
//               {_id: hash of queue and frame, at, queue, frame, reason}                `frame`: Base64 of what nobody can read
import { createHash } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { Logger } from 'pino';
import type { Addressed } from '#protocol/commands.ts';
import type { Unreadable } from '../bus/bus.ts';
import { Conflict } from '../store/database.ts';
import type { Collections, Keyed } from '../store/mongo.ts';
import { attempt } from '../store/mongo-errors.ts';
import { QUARANTINE_MAX_COMMANDS } from './quarantine-store.ts';
import type { Quarantine } from './turns.ts';

type CommandDocument = { readonly kind: string; readonly key: string; readonly command: string };
type FrameDocument = { readonly queue: string; readonly frame: string };
type Kept = { readonly at: number; readonly reason: string } & (CommandDocument | FrameDocument);

export class MongoQuarantine implements Quarantine, Unreadable {
  readonly #commands: Collection<Keyed & Kept>;
  readonly #now: () => number;
  readonly #log: Logger;

  /** `now`: ms since 1970. */
  constructor(mongo: Collections, now: () => number, log: Logger) {
    this.#commands = mongo.collection('quarantine');
    this.#now = now;
    this.#log = log;
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
      if (!(error instanceof Conflict)) throw error;
      return; // it is kept already
    }
    await this.#trim();
  }

  /** Seldom, and the collection is small: no index is needed. */
  async #trim(): Promise<void> {
    const excess = (await attempt(() => this.#commands.countDocuments({}))) - QUARANTINE_MAX_COMMANDS;
    if (excess <= 0) return;
    const find = (): Promise<Keyed[]> =>
      this.#commands
        .find({}, { projection: { _id: 1 } })
        .sort({ at: 1 })
        .limit(excess)
        .toArray();
    const operations = (await attempt(find)).map(({ _id }) => ({ deleteOne: { filter: { _id } } }));
    await attempt(() => this.#commands.bulkWrite(operations, { ordered: false }));
    this.#log.warn({ removed: excess, kept: QUARANTINE_MAX_COMMANDS }, 'the quarantine is full: its oldest went');
  }
}
