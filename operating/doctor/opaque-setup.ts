// The OPAQUE setup that auth is given: whether it is one, and the public key that clients know the server by.
import { ConfigError } from '#runtime/config.ts';
import { readOpaqueSetup } from '../../services/auth/config.ts';
import { OpaqueServer } from '../../services/auth/opaque.ts';

/** The public key, base64url; undefined where the setup is not given but kept in the store. Throws ConfigError, which does not hold it. */
export async function serverKeyOf(settings: {
  readonly domain: string;
  readonly opaqueSetup?: string | undefined;
  readonly opaqueSetupFile?: string | undefined;
}): Promise<string | undefined> {
  const setup = readOpaqueSetup(settings);
  if (setup === undefined) return undefined;
  try {
    return (await OpaqueServer.open(setup, settings.domain)).publicKey;
  } catch {
    throw new ConfigError('The setting opaqueSetup is not an OPAQUE server setup.');
  }
}
