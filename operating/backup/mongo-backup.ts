// A backup of services: their documents in MongoDB. What RabbitMQ holds is not in it: the census says how much that was.
import { pino } from 'pino';
import { takeCensus } from '#runtime/bus/amqp/census.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { StartError } from '#runtime/start-error.ts';
import { RESTORING } from '#runtime/store/meta.ts';
import { Mongo } from '#runtime/store/mongo.ts';
import { MongoAccountStore } from '../../services/auth/mongo-store.ts';
import { opaqueOf } from '../../services/auth/setup.ts';
import { MongoBlobStore } from '../../services/delivery/blobs/mongo-blob-store.ts';
import type { Part } from './archive.ts';
import { emptyTally, filesOf } from './files.ts';
import type { Made, Wanted } from './made.ts';
import { MongoArchive } from './mongo-archive-store.ts';

/** A database that does not answer by then is not there: an operator looks at once, a cron job tries again. */
const CONNECT_MAX_MS = 15_000;

export type Services = {
  readonly mongoUrl: string;
  readonly amqpUrl?: string | undefined;
  readonly queuePrefix: string;
};

/** Throws ConfigError, StartError. */
export async function connectMongo(url: string): Promise<Mongo> {
  const mongo = new Mongo(url, pino({ level: 'silent' }));
  let late: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_, reject) => {
    const sentence = 'MongoDB does not answer at the address in mongoUrl. Start it, or correct the setting.';
    late = setTimeout(() => reject(new StartError(sentence)), CONNECT_MAX_MS);
  });
  await Promise.race([mongo.connect(), never]);
  clearTimeout(late);
  return mongo;
}

export async function backUpServices(
  { mongoUrl, amqpUrl, queuePrefix }: Services,
  { now, files }: Wanted,
): Promise<Made> {
  const mongo = await connectMongo(mongoUrl);
  const archive = new MongoArchive(mongo);
  const facts = await archive.facts();
  if (facts === undefined)
    throw new StartError('There is nothing to back up in the database in mongoUrl: no service ever started on it.');
  if (facts.schema === RESTORING)
    throw new StartError('A restore of the database in mongoUrl has not come to its end. Run npm run restore again.');
  const census = amqpUrl === undefined ? undefined : await takeCensus(amqpUrl, queuePrefix, PARTITIONS_DEFAULT);
  const opaque = await opaqueOf(new MongoAccountStore(mongo, () => new Uint8Array()));
  const counts: Record<string, number> = {};
  const tally = emptyTally();
  async function* parts(): AsyncGenerator<Part> {
    yield* partsOf(archive, counts);
    if (files) yield* filesOf(new MongoBlobStore(mongo), (after) => archive.blobs(after), tally);
  }
  return {
    facts: { mode: 'distributed', at: now, ...facts, opaque, files, ...(census ? { census } : {}) },
    parts: parts(),
    counts: () => ({ ...counts, ...tally }),
    close: () => mongo.close(),
  };
}

async function* partsOf(archive: MongoArchive, counts: Record<string, number>): AsyncGenerator<Part> {
  for (const section of await archive.collections()) {
    yield { section };
    counts[section] = 0;
    for await (const data of archive.documents(section)) {
      counts[section] += 1;
      yield { data };
    }
  }
}
