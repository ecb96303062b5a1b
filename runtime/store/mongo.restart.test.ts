// Kills the database that other tests use: it runs when they do not.
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { PATIENTLY } from '../../test/patience.fixture.ts';
import { control, databaseUrl, describeOn, freshName, restartable } from '../../test/services.fixture.ts';
import { type Keyed, Mongo } from './mongo.ts';
import { attempt } from './mongo-errors.ts';

describeOn('MONGO', 'MongoDB that is killed', (server) => {
  test.skipIf(!restartable)('what was written before a SIGKILL of the server is there after it', async () => {
    const mongo = new Mongo(databaseUrl(server, freshName('parley_test')), pino({ level: 'silent' }));
    onTestFinished(() => mongo.close());
    await mongo.connect();
    const things = mongo.collection<Keyed & { readonly n: number }>('thing');
    await attempt(() => things.insertOne({ _id: 'one', n: 1 }));
    await control('kill', 'ferretdb');
    // Caught at once: it may be refused long before the server is there again.
    const asked = attempt(() => things.findOne({ _id: 'one' })).catch((error: unknown) => error);
    await control('start', 'ferretdb');
    let found = await asked;
    if (found instanceof Error) {
      expect(found).toBeInstanceOf(Unavailable);
      await vi.waitUntil(() => mongo.ready, PATIENTLY);
      found = await attempt(() => things.findOne({ _id: 'one' }));
    }
    expect(found).toEqual({ _id: 'one', n: 1 });
    await mongo.drop();
  });
});
