// The contract on a real server, and what a process leaves behind that is killed, or loses its store, between any two operations.
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { DAY_MS, HOUR_MS, MIB } from '#protocol/limits.ts';
import type { Mongo } from '#runtime/store/mongo.ts';
import { before, crashes, everyFault, failing } from '../../../test/faults.fixture.ts';
import { openTestDatabase } from '../../../test/mongo.fixture.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import { MongoBlobStore } from './mongo-blob-store.ts';
import { CHUNK_BYTES } from './mongo-content-store.ts';
import { blobStoreContract, bodyOf, newBlob, readAll } from './store.contract.ts';

/** The files that there are chunks of, and records of attempts. */
async function contentsOf(mongo: Mongo): Promise<number> {
  const names = async (collection: string, key: string) =>
    (await mongo.collection<{ _id: string; files_id?: string }>(collection).find().toArray()).map((document) =>
      String(document[key as '_id']),
    );
  const [files, chunks] = [await names('blobs.files', '_id'), await names('blobs.chunks', 'files_id')];
  return new Set([...files, ...chunks, ...(await names('blob_attempt', '_id'))]).size;
}

describeOn('MONGO', 'on MongoDB', (server) => {
  blobStoreContract('the blob store', async () => {
    const database = await openTestDatabase(server);
    return {
      store: new MongoBlobStore(database.mongo),
      reopen: async () => new MongoBlobStore(await database.another()),
      contents: () => contentsOf(database.mongo),
      close: () => database.close(),
    };
  });

  const LATER = Date.now() + DAY_MS;
  /** When what a crash left behind is old enough. */
  const MUCH_LATER = Date.now() + 2 * HOUR_MS;
  const BYTES = 2 * MIB;

  async function opened() {
    const database = await openTestDatabase(server);
    onTestFinished(() => database.close());
    const { mongo } = database;
    return { mongo, store: new MongoBlobStore(mongo), contents: () => contentsOf(mongo) };
  }

  test('a process that ends while it appends leaves a part that counts whole, or not at all and is swept', async () => {
    const { mongo, store, contents } = await opened();
    await everyFault(async (fault) => {
      const [first, second] = [randomBytes(100), randomBytes(CHUNK_BYTES + 1)];
      const size = first.length + second.length;
      const { blob, ...rest } = newBlob({ size });
      await store.create({ blob, ...rest });
      await store.append(blob, { offset: 0, bytes: 100, expiresAt: LATER }, bodyOf(first));
      const part = { offset: 100, bytes: second.length, expiresAt: LATER };
      const crashed = new MongoBlobStore(failing(mongo, fault));
      const outcome = await crashes(crashed.append(blob, part, bodyOf(second)));
      if ((await store.find(blob))?.stored === 100) await store.append(blob, part, bodyOf(second));
      await store.sweep(MUCH_LATER, 100);
      expect(await contents()).toBe(2);
      expect((await readAll(store, blob, 0, size)).equals(Buffer.concat([first, second]))).toBe(true);
      await store.remove(blob);
      expect(await contents()).toBe(0);
      return outcome;
    });
  });

  test('a process that ends while it removes leaves what nobody finds, and a sweep takes away', async () => {
    const { mongo, store, contents } = await opened();
    await everyFault(async (fault) => {
      const record = newBlob();
      await store.create(record);
      await store.append(record.blob, { offset: 0, bytes: 100, expiresAt: LATER }, bodyOf(randomBytes(100)));
      const outcome = await crashes(new MongoBlobStore(failing(mongo, fault)).remove(record.blob));
      const begun = (await store.find(record.blob)) === undefined;
      await store.sweep(Date.now(), 100);
      expect(await contents()).toBe(begun ? 0 : 1);
      expect(await store.create(record)).toBe(begun);
      await store.remove(record.blob);
      return outcome;
    });
  });

  test('who stood still until a sweep took the content for left behind is told so, and counts nothing', async () => {
    const { mongo, store, contents } = await opened();
    const { blob, ...rest } = newBlob();
    await store.create({ blob, ...rest });
    const late = new MongoBlobStore(before(mongo, 'updateOne', () => store.sweep(MUCH_LATER, 100)));
    const part = { offset: 0, bytes: 100, expiresAt: LATER };
    await expect(late.append(blob, part, bodyOf(randomBytes(100)))).rejects.toThrow('came too late');
    expect(await store.find(blob)).toMatchObject({ stored: 0 });
    expect(await contents()).toBe(0);
    await store.append(blob, part, bodyOf(randomBytes(100)));
    expect(await store.find(blob)).toMatchObject({ stored: 100 });
  });

  test('content that was lost is Unavailable, not a shorter file', async () => {
    const { mongo, store } = await opened();
    const { blob, ...rest } = newBlob({ size: BYTES });
    await store.create({ blob, ...rest });
    await store.append(blob, { offset: 0, bytes: BYTES, expiresAt: LATER }, bodyOf(randomBytes(BYTES)));
    await mongo.collection('blobs.chunks').deleteOne({});
    await expect(readAll(store, blob, 0, BYTES)).rejects.toBeInstanceOf(Unavailable);
  });
});
