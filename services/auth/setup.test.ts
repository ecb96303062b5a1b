import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from '#runtime/config.ts';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { createServerSetup } from './opaque.ts';
import { Person } from './person.fixture.ts';
import { DOMAIN, Service } from './service.fixture.ts';
import { openOpaque, type Secrets } from './setup.ts';
import { SqliteAccountStore, schema } from './sqlite-store.ts';

describe('OPAQUE’s server setup', () => {
  let service: Service;
  beforeEach(async () => {
    service = await Service.open();
  });
  afterEach(() => service.close());

  test('is made at first start and kept: clients find the same server key, and accounts sign in', async () => {
    const al = await Person.signedUp(service, 'al@localhost');
    const { publicKey } = service.opaque;
    await service.restart();
    expect(service.opaque.publicKey).toBe(publicKey);
    expect(await al.login()).toMatchObject({ vault: al.vault });
  });

  test('that is configured must be one, and the one that the data was made with', async () => {
    await expect(openOpaque(service.store, DOMAIN, 'nonsense')).rejects.toThrow('opaqueSetup is not');
    await expect(openOpaque(service.store, DOMAIN, await createServerSetup())).rejects.toThrow(
      'opaqueSetup is another',
    );
    const kept = await service.store.secret('opaque setup');
    expect((await openOpaque(service.store, DOMAIN, kept)).publicKey).toBe(service.opaque.publicKey);
  });
});

describe('instances that share a store', () => {
  let store: SqliteAccountStore;
  beforeEach(async () => {
    const database = await openDatabase({ file: ':memory:', schema });
    onTestFinished(() => database.close());
    store = new SqliteAccountStore(database);
  });

  test('make one setup when they start at once and none is configured', async () => {
    const opened = await Promise.all([1, 2, 3].map(() => openOpaque(store, DOMAIN)));
    expect(new Set(opened.map(({ publicKey }) => publicKey)).size).toBe(1);
  });

  test.each([0, 1])('find the setup that another one makes after read %i of theirs', async (number) => {
    let reads = 0;
    const slow: Secrets = {
      keepSecret: (name, value) => store.keepSecret(name, value),
      secret: async (name) => {
        const read = await store.secret(name);
        const now = reads === number;
        reads += 1;
        if (now) await openOpaque(store, DOMAIN);
        return read;
      },
    };
    const late = await openOpaque(slow, DOMAIN);
    expect(late.publicKey).toBe((await openOpaque(store, DOMAIN)).publicKey);
  });

  test('use the configured one, which the store does not keep, and miss it when it is gone', async () => {
    const setup = await createServerSetup();
    const opened = await Promise.all([1, 2].map(() => openOpaque(store, DOMAIN, setup)));
    expect(new Set(opened.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(await store.secret('opaque setup')).toBeUndefined();
    await expect(openOpaque(store, DOMAIN)).rejects.toThrow('opaqueSetup is missing');
    await expect(openOpaque(store, DOMAIN, await createServerSetup())).rejects.toThrow('opaqueSetup is another');
  });

  test('start again after one that was not configured tried to be first', async () => {
    const setup = await createServerSetup();
    await openOpaque(store, DOMAIN, setup);
    await store.keepSecret('opaque setup', await createServerSetup());
    expect((await openOpaque(store, DOMAIN, setup)).publicKey).toBeDefined();
    await expect(openOpaque(store, DOMAIN)).rejects.toThrow('opaqueSetup is missing');
  });

  test.each([
    ['two that are configured differently', true],
    ['one that is configured and one that is not', false],
  ])('never both serve: %s', async (_name, both) => {
    const [one, two] = await Promise.all([createServerSetup(), createServerSetup()]);
    const starts = [openOpaque(store, DOMAIN, one), openOpaque(store, DOMAIN, both ? two : undefined)];
    const outcomes = await Promise.allSettled(starts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConfigError);
  });
});
