// OPAQUE's server setup: a secret of the deployment, shared by all auth instances, made at first start, part of every backup.
import { ConfigError } from '#runtime/config.ts';
import { createServerSetup, OpaqueServer } from './opaque.ts';
import type { AccountStore } from './store.ts';

const SECRET_NAME = 'opaque setup';

/**
 * OPAQUE with the setup that the store keeps; at first start with `configured` (base64url), or else a new one, which the store keeps
 * from then on. Throws ConfigError if `configured` is not a setup or another than the one that the accounts were made with.
 */
export async function openOpaque(store: AccountStore, domain: string, configured?: string): Promise<OpaqueServer> {
  const offered = configured === undefined ? undefined : await readSetup(configured, domain);
  const kept =
    (await store.secret(SECRET_NAME)) ??
    (await store.keepSecret(SECRET_NAME, configured ?? (await createServerSetup())));
  if (offered && configured === kept) return offered;
  if (offered) {
    throw new ConfigError(
      'The setting opaqueSetup is another than the one that the accounts of this data were made with: nobody could sign in.',
    );
  }
  return OpaqueServer.open(kept, domain);
}

async function readSetup(configured: string, domain: string): Promise<OpaqueServer> {
  try {
    return await OpaqueServer.open(configured, domain);
  } catch {
    throw new ConfigError('The setting opaqueSetup is not an OPAQUE server setup.');
  }
}
