// Looks at a deployment's MongoDB from outside, for whoever asks whether all is well. Reads only: a store that was never used stays so.
import type { Db, Document } from 'mongodb';
import { z } from 'zod';
import { type Keyed, makeClient, refusalOf } from './mongo.ts';

export type MongoLook = {
  readonly version: string;
  /** What it is, where it only speaks as MongoDB does. */
  readonly standIn: string | undefined;
  /** The members of its replica set; none: a single server. */
  readonly members: readonly string[];
  readonly writable: boolean;
  /** Its clock, ms since 1970, and ours just before and after it was asked. */
  readonly clock: { readonly theirs: number; readonly asked: number; readonly answered: number };
  /** Of the disk that holds the data, where the server tells. */
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | undefined;
  /** What the services recorded about the store, by name; empty before their first start. */
  readonly facts: ReadonlyMap<string, string>;
  /** What the files that people sent take or will take. */
  readonly blobBytes: number;
};

const helloSchema = z.object({
  isWritablePrimary: z.boolean().default(false),
  localTime: z.date(),
  hosts: z.array(z.string()).default([]),
});
const buildSchema = z.object({ version: z.string(), ferretdbVersion: z.string().optional() });
const sumSchema = z.object({ bytes: z.number() });
const statsSchema = z.object({ fsUsedSize: z.number(), fsTotalSize: z.number() });

/** `patienceMs`: for a server to be found. Throws ConfigError (the URL, or what the server says to it), or the driver's error if none answers. */
export async function lookAtMongo(url: string, patienceMs: number, now: () => number): Promise<MongoLook> {
  const { client, database } = makeClient(url, patienceMs);
  try {
    await client.connect();
    const db = client.db(database);
    // First, because a server that wants a password tells so to the first command that reads; and then the connection is warm.
    const facts = await db.collection<Keyed & { value: string }>('meta').find().toArray();
    const asked = now();
    const hello = helloSchema.parse(await db.command({ hello: 1 }));
    const answered = now();
    const { version, ferretdbVersion } = buildSchema.parse(await db.command({ buildInfo: 1 }));
    return {
      version,
      standIn: ferretdbVersion === undefined ? undefined : `FerretDB ${ferretdbVersion}`,
      members: hello.hosts,
      writable: hello.isWritablePrimary,
      clock: { theirs: hello.localTime.getTime(), asked, answered },
      disk: await diskOf(db),
      blobBytes: await blobBytesIn(db),
      facts: new Map(facts.map(({ _id, value }) => [_id, String(value)])),
    };
  } catch (error) {
    throw refusalOf(error, database) ?? error;
  } finally {
    await client.close();
  }
}

async function diskOf(db: Db): Promise<MongoLook['disk']> {
  const stats: Document = await db.command({ dbStats: 1 });
  const { data } = statsSchema.safeParse(stats);
  return data && { freeBytes: data.fsTotalSize - data.fsUsedSize, totalBytes: data.fsTotalSize };
}

async function blobBytesIn(db: Db): Promise<number> {
  const summed = db.collection('blob').aggregate([{ $group: { _id: null, bytes: { $sum: '$size' } } }]);
  const { data } = sumSchema.safeParse(await summed.next());
  return data?.bytes ?? 0; // there are none yet
}
