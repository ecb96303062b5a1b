// Services of two versions on one database: the form of their data rises once nobody is left that reads the older one alone.
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { openTestDatabase, type TestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { StartError } from '../start-error.ts';
import { FormWatch, LOOKS_BEFORE_RAISE, LOOKS_BEFORE_USE } from './form-watch.ts';
import type { RecordedForm } from './meta.ts';
import { MongoMetaStore } from './mongo-meta-store.ts';

const FACTS = { domain: 'example.org', partitions: 16 };

describeOn('MONGO', 'the form of shared data', (url) => {
  let database: TestDatabase;
  let older: MongoMetaStore;
  let newer: MongoMetaStore;
  /** Whether somebody is alive that reads the older form alone. */
  let olderLives: boolean;
  beforeEach(async () => {
    database = await openTestDatabase(url);
    older = new MongoMetaStore(database.mongo, [1]);
    newer = new MongoMetaStore(database.mongo, [1, 2]);
    await older.claim(FACTS);
    await newer.claim(FACTS);
    olderLives = true;
  });
  afterEach(() => database.close());

  const watch = (meta: MongoMetaStore, recorded: RecordedForm = meta): FormWatch =>
    new FormWatch({
      forms: meta.forms,
      recorded,
      readByAll: (form) => form === 1 || !olderLives,
      log: pino({ level: 'silent' }),
    });
  const look = async (at: FormWatch, times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await at.look();
  };

  test('stays as long as an instance lives that reads the older one alone', async () => {
    const form = watch(newer);
    await look(form, 2 * LOOKS_BEFORE_RAISE);
    olderLives = false;
    await look(form, LOOKS_BEFORE_RAISE - 1);
    olderLives = true; // one was only silent for a while
    await form.look();
    olderLives = false;
    await look(form, LOOKS_BEFORE_RAISE - 1);
    expect([await older.form(), form.written]).toEqual([1, 1]);
  });

  test('rises once all have read the newer one for a while; it is used later, when nobody can be left that has not seen it', async () => {
    const [form, other, slippedIn] = [watch(newer), watch(newer), watch(older)];
    await slippedIn.look();
    olderLives = false;
    await look(form, LOOKS_BEFORE_RAISE);
    expect(await newer.form()).toBe(2);
    await look(other, LOOKS_BEFORE_RAISE); // it need not raise it again
    await expect(slippedIn.look()).rejects.toBeInstanceOf(StartError);
    await expect(older.claim(FACTS)).rejects.toThrow(
      'The data has the form of version 2; this version of Parley reads 1. Use the version that made it, or another',
    );
    await look(form, LOOKS_BEFORE_USE);
    expect(form.written).toBe(1);
    await form.look();
    expect([form.written, other.written]).toEqual([2, 2]);
  });

  test('is not thrown over by two who raise it at once, nor by one that comes late', async () => {
    await Promise.all([newer.raise(1, 2), newer.raise(1, 2)]);
    await new MongoMetaStore(database.mongo, [2, 3]).raise(2, 3);
    await newer.raise(1, 2);
    expect(await new MongoMetaStore(database.mongo, [2, 3]).form()).toBe(3);
  });

  test('a store that is away, full or emptied for a while ends nobody', async () => {
    let away = true;
    const recorded: RecordedForm = {
      raise: (from, to) => (away ? Promise.reject(new RequestError('no_space')) : newer.raise(from, to)),
      form: () => newer.form(),
    };
    const form = watch(newer, recorded);
    olderLives = false;
    await look(form, LOOKS_BEFORE_RAISE);
    expect(await newer.form()).toBe(1);
    away = false;
    await database.mongo.drop();
    await expect(newer.form()).rejects.toBeInstanceOf(Unavailable);
    await look(form, LOOKS_BEFORE_RAISE);
    await older.claim(FACTS); // restored
    await look(form, LOOKS_BEFORE_RAISE);
    expect(await newer.form()).toBe(2);
  });
});
