// The client of the MongoDB driver, with a fault of it mended until it mends it itself (7.8.0 and 7.9.0 have it): a command that is written to a
// connection which is ending waits for ever for its buffer to drain. When a server ends all its connections at once, the driver's own look after the
// server is such a command, and the client never finds any server again.
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { MongoClient } from 'mongodb';

type Connection = EventEmitter & {
  /** Set before `close` is emitted. */
  readonly error: Error | null;
  writeCommand(command: unknown, options: unknown): Promise<void>;
};

/** What the driver does not export. Where it is elsewhere one day, nothing starts: then see whether the fault is still there. */
const prototype = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js').Connection.prototype as Connection;
const { writeCommand } = prototype;
if (typeof writeCommand !== 'function') throw new Error('The MongoDB driver writes its commands elsewhere now.');

/** A write ends at the latest when its connection does. */
prototype.writeCommand = async function (this: Connection, command, options) {
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(this.error);
  this.once('close', end);
  try {
    await Promise.race([writeCommand.call(this, command, options), ended.promise]);
  } finally {
    this.off('close', end);
  }
};

export { MongoClient };
