// Whether those who are restored will be able to sign in: OPAQUE's server setup is in the backup, or it was configured, and stands in .env.
import { ConfigError, type Settings } from '#runtime/config.ts';
import type { authSettings } from '../../services/auth/config.ts';
import { readOpaqueSetup } from '../../services/auth/config.ts';
import { fingerprintOf } from '../../services/auth/setup.ts';
import type { Manifest } from './manifest.ts';

/** What the operator still has to see to, as a line, or ''. Throws ConfigError where another setup is configured than the accounts were made with. */
export function judgeSetup(
  { opaque: { kept, fingerprint } }: Pick<Manifest, 'opaque'>,
  settings: Pick<Settings<typeof authSettings>, 'opaqueSetup' | 'opaqueSetupFile'>,
): string {
  const configured = readOpaqueSetup(settings);
  if (fingerprint === undefined) return '';
  if (configured !== undefined && fingerprintOf(configured) !== fingerprint) {
    throw new ConfigError(
      `The setting opaqueSetup is another than the one of the backup (fingerprint ${fingerprint}): nobody could sign in. Use the .env that belongs to the backup.`,
    );
  }
  if (kept || configured !== undefined) return '';
  return `Start it with the opaqueSetup of then (fingerprint ${fingerprint}), which is not in the backup: it stands in the .env that belongs to it.\n`;
}
