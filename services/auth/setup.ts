// OPAQUE's server setup: a secret of the deployment, shared by all auth instances, part of every backup. It is made at first start and
// kept in the store; or it is configured, and the store keeps its fingerprint only, so that who reads the database does not have it.
import { createHash } from 'node:crypto';
import { ConfigError } from '#runtime/config.ts';
import { createServerSetup, OpaqueServer } from './opaque.ts';
import type { AccountStore } from './store.ts';

/** What of the store keeps secrets. */
export type Secrets = Pick<AccountStore, 'secret' | 'keepSecret'>;

const SECRET_NAME = 'opaque setup';
/** SHA-256, base64url, of the setup that the accounts are made with, wherever it is kept. */
const FINGERPRINT_NAME = 'opaque setup fingerprint';

/**
 * OPAQUE with the setup `configured` (base64url), or else with the one that the store keeps, at first start a new one. Of instances that
 * start at once on an empty store all get the same, or those that cannot are refused. Throws ConfigError if `configured` is not a setup,
 * or if the accounts were made with another one.
 */
export async function openOpaque(store: Secrets, domain: string, configured?: string): Promise<OpaqueServer> {
  const opaque = configured === undefined ? undefined : await readSetup(configured, domain);
  // Read in the opposite order of writing: whoever sees the fingerprint sees the setup, too, if another instance makes one just now.
  const known = await store.secret(FINGERPRINT_NAME);
  const kept = await store.secret(SECRET_NAME);
  // The fingerprint decides: a setup that lost against it may still be kept, and one that was kept before there were fingerprints is right.
  const decided = known ?? (kept === undefined ? undefined : fingerprintOf(kept));
  if (decided !== undefined && configured === undefined && kept === undefined) throw new ConfigError(MISSING);
  const setup = configured ?? kept ?? (await store.keepSecret(SECRET_NAME, await createServerSetup()));
  const fingerprint = fingerprintOf(setup);
  const right = decided === undefined || decided === fingerprint;
  if (!right || (await store.keepSecret(FINGERPRINT_NAME, fingerprint)) !== fingerprint) {
    throw new ConfigError(configured === undefined ? MISSING : ANOTHER);
  }
  return opaque ?? OpaqueServer.open(setup, domain);
}

/** For a backup: whether this store keeps the setup, and the fingerprint of the one that it needs; none if there never was one. */
export async function opaqueOf(store: Pick<Secrets, 'secret'>): Promise<{ kept: boolean; fingerprint?: string }> {
  const kept = await store.secret(SECRET_NAME);
  const fingerprint = (await store.secret(FINGERPRINT_NAME)) ?? (kept === undefined ? undefined : fingerprintOf(kept));
  return { kept: kept !== undefined, ...(fingerprint === undefined ? {} : { fingerprint }) };
}

const ANOTHER =
  'The setting opaqueSetup is another than the one that the accounts of this data were made with: nobody could sign in.';
const MISSING =
  'The setting opaqueSetup is missing: the accounts of this data were made with one, which the store does not keep.';

/** What tells setups apart and gives none away. */
export function fingerprintOf(setup: string): string {
  return createHash('sha256').update(setup).digest('base64url');
}

async function readSetup(configured: string, domain: string): Promise<OpaqueServer> {
  try {
    return await OpaqueServer.open(configured, domain);
  } catch {
    throw new ConfigError('The setting opaqueSetup is not an OPAQUE server setup.');
  }
}
