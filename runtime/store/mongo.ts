// The connection to MongoDB that the stores of a process share: durable writes, reads from the primary, and errors by what their
// reader must do. A wrong setting stops the start; a server that is away is waited for, at the start and ever after.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collection, MongoError, MongoServerError, type TopologyDescription } from 'mongodb';
import type { Logger } from 'pino';
import { Unavailable } from '#protocol/errors.ts';
import { ConfigError } from '../config.ts';
import { KEPT_PASSWORD } from '../strong-passwords.ts';
import { MongoClient } from './mongo-driver.ts';
import { attempt } from './mongo-errors.ts';

/** The database of a URL that names none. */
const DEFAULT_DATABASE = 'parley';
/** An operation waits this long for a server that takes writes; then it is Unavailable, and whoever asked tries again. */
const SELECTION_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that says nothing for this long (frozen, cut off) is given up. The operation may still happen: writes bear repetition. */
const SOCKET_TIMEOUT_MS = 10_000;
/** How soon a server that came back is found, and one that left without a word is missed. */
const HEARTBEAT_MS = 2_000;
const RETRY_MS = 500;
/** Look-ups of one page run side by side; more connections than that only queue in the server. */
const CONNECTIONS_MAX = 32;
/** An operation waits this long for one of them: where a server answers its driver and stalls all else, they would wait longer and longer. */
const QUEUE_TIMEOUT_MS = 10_000;

const AUTHENTICATION_FAILED = 18;
const UNAUTHORIZED = 13;
/** MongoDB Atlas says so where others say AuthenticationFailed. */
const ATLAS_ERROR = 8000;

/** Documents of every collection have a text as their key: look-ups by it are the only ones in hot paths. */
export type Keyed = { readonly _id: string };

/** What a store needs of the connection. */
export type Collections = Pick<Mongo, 'collection'>;

export class Mongo {
  readonly #client: MongoClient;
  readonly #database: string;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  #ready = false;

  /** Reads the URL, without connecting. Throws ConfigError if it is none, or has an option that does not exist. */
  constructor(url: string, log: Logger) {
    this.#log = log;
    const { client, database } = makeClient(url);
    this.#client = client;
    this.#database = database;
    this.#client.on('topologyDescriptionChanged', ({ newDescription }) => this.#see(newDescription));
  }

  /** Whether a server is there that takes writes, as far as the driver knows: a silent one is noticed after some seconds. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Resolves when the database answers; waits for it without end. Throws ConfigError if it refuses the URL's name and password or
   * what they may do, Unavailable if it was closed meanwhile.
   */
  async connect(): Promise<void> {
    for (let waiting = false; !this.#closing.signal.aborted; waiting = true) {
      try {
        await this.#client.connect();
        // A server that wants a password tells so to the first command that reads.
        await this.collection('meta').findOne({ _id: 'schema' });
        return;
      } catch (error) {
        const refusal = refusalOf(error, this.#database);
        if (refusal) throw refusal;
        if (!waiting) this.#log.warn({ reason: String(error) }, 'waiting for MongoDB');
        await sleep(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
    throw new Unavailable('The connection to MongoDB was closed.');
  }

  /** The driver's collection of that name; call it through `attempt`. */
  collection<T extends Keyed>(name: string): Collection<T> {
    return this.#client.db(this.#database).collection<T>(name);
  }

  /** The names of all collections that there are, in alphabetical order. */
  async collections(): Promise<string[]> {
    const list = () => this.#client.db(this.#database).listCollections({}, { nameOnly: true }).toArray();
    const names = (await attempt(list)).map(({ name }) => name);
    return names.filter((name) => !name.startsWith('system.')).sort();
  }

  /** What the server says that it is: its version, and of a stand-in its own name. */
  build(): Promise<Readonly<Record<string, unknown>>> {
    return attempt(() => this.#client.db(this.#database).command({ buildInfo: 1 }));
  }

  /** Removes the whole database: for tests and for benchmarks, which make one of their own. */
  async drop(): Promise<void> {
    await attempt(() => this.#client.db(this.#database).dropDatabase());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#ready = false;
    await this.#client.close();
  }

  #see({ servers }: TopologyDescription): void {
    const ready = !this.#closing.signal.aborted && [...servers.values()].some(({ isWritable }) => isWritable);
    if (ready === this.#ready) return;
    this.#ready = ready;
    const reason = [...servers.values()].map(({ error }) => error?.message ?? '').find((text) => text !== '');
    if (ready) this.#log.info('MongoDB is there');
    else this.#log.warn({ reason }, 'MongoDB is away');
  }
}

/** A client that has not connected yet, and the database that the URL names. `patienceMs`: as SELECTION_TIMEOUT_MS. Throws ConfigError. */
export function makeClient(
  url: string,
  patienceMs = SELECTION_TIMEOUT_MS,
): { readonly client: MongoClient; readonly database: string } {
  try {
    // Options given here count more than the same in the URL: durability and the primary are not for configuration.
    const client = new MongoClient(url, {
      appName: 'parley',
      writeConcern: { w: 'majority', journal: true },
      readPreference: 'primary',
      serverSelectionTimeoutMS: patienceMs,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      socketTimeoutMS: SOCKET_TIMEOUT_MS,
      heartbeatFrequencyMS: HEARTBEAT_MS,
      maxPoolSize: CONNECTIONS_MAX,
      waitQueueTimeoutMS: QUEUE_TIMEOUT_MS,
    });
    return { client, database: databaseOf(url) ?? DEFAULT_DATABASE };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigError(`The setting mongoUrl is not a MongoDB URL${reasonOf(error)}. ${EXAMPLE}`);
  }
}

const EXAMPLE =
  'It looks like mongodb://name:password@host:27017/parley; special characters of the name and the password are written as %40 and so on.';

/** What the driver says of an option or of the beginning of a URL. Its other messages may quote the password. */
function reasonOf(error: Error): string {
  return error instanceof MongoError &&
    /option|scheme|unescaped/i.test(error.message) &&
    !/username/i.test(error.message)
    ? ` (${oneLine(error)})`
    : '';
}

/** What to say if the server will never let us in. */
export function refusalOf(error: unknown, database: string): ConfigError | undefined {
  if (!(error instanceof MongoServerError) || !isRefusal(error)) return undefined;
  return new ConfigError(
    `MongoDB refuses the name and password of the setting mongoUrl, or their access to the database ${database}: ${oneLine(error)}. ${KEPT_PASSWORD}`,
  );
}

function isRefusal({ code }: MongoServerError): boolean {
  return code === AUTHENTICATION_FAILED || code === UNAUTHORIZED || code === ATLAS_ERROR;
}

function oneLine({ message }: Error): string {
  return message.replace(/\s*\n.*/s, '').replace(/\.$/, '');
}

/** What stands between the hosts of a MongoDB URL and its options. The driver has read the URL and found it well formed. */
function databaseOf(url: string): string | undefined {
  const path = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]+)/.exec(url)?.[1];
  return path === undefined ? undefined : decodeURIComponent(path);
}
