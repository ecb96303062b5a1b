import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServerSetup } from './opaque.ts';
import { Person } from './person.fixture.ts';
import { DOMAIN, Service } from './service.fixture.ts';
import { openOpaque } from './setup.ts';

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
