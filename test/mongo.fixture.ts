// A MongoDB database of a test's own, removed after it.
import { pino } from 'pino';
import { Mongo } from '#runtime/store/mongo.ts';
import { databaseUrl, freshName } from './services.fixture.ts';

export type TestDatabase = {
  readonly url: string;
  readonly mongo: Mongo;
  /** Another connection to the same database, as another process has it. Closed with the database. */
  another(): Promise<Mongo>;
  close(): Promise<void>;
};

/** `server`: the URL of a MongoDB server. */
export async function openTestDatabase(server: string): Promise<TestDatabase> {
  const url = databaseUrl(server, freshName('parley_test'));
  const connections: Mongo[] = [];
  const another = async () => {
    const mongo = new Mongo(url, pino({ level: 'silent' }));
    connections.push(mongo);
    await mongo.connect();
    return mongo;
  };
  const mongo = await another();
  return {
    url,
    mongo,
    another,
    async close() {
      try {
        await mongo.drop();
      } finally {
        await Promise.all(connections.map((one) => one.close()));
      }
    },
  };
}
