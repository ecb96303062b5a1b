// Auth's settings. Each has a schema that reads its text, a default where it may be absent, and a description for `--help`.
import { z } from 'zod';
import { ConfigError } from '#runtime/config.ts';
import { deploymentSettings } from '#runtime/deployment.ts';
import type { InvitationKey } from './invitation-code.ts';
import { invitationKeySettings, readInvitationSecret } from './invitation-key.ts';
import type { SignUpPolicy } from './invitations.ts';
import { readSecretFile } from './secret-file.ts';

const TRIES_MAX = 1_000;
const tries = z.coerce.number().int().min(1).max(TRIES_MAX);

/** Every setting that auth reads, by name. */
export const authSettings = {
  ...deploymentSettings,
  ...invitationKeySettings,
  opaqueSetup: z
    .string()
    .min(1)
    .optional()
    .describe('the OPAQUE server setup that passwords are registered with; without: made at first start'),
  opaqueSetupFile: z
    .string()
    .min(1)
    .optional()
    .describe('a file with that setup, as systems that keep secrets give them; without: the setting itself'),
  triesPerAccount: tries.default(3).describe('how many sign-ins to one account may fail before delays begin'),
  triesPerSource: tries.default(20).describe('how many sign-ins from one network may fail before delays begin'),
} as const;

/**
 * Who may sign up by these settings. `keep`: the key of a deployment that keeps one itself, asked for where invitations need it and no
 * setting gives it. Throws ConfigError that names the setting, and what `keep` throws.
 */
export function readSignUpPolicy(
  settings: Parameters<typeof readInvitationSecret>[0] & {
    readonly domain: string;
    readonly signUp: SignUpPolicy['policy'];
  },
  keep?: () => InvitationKey,
): SignUpPolicy {
  const { domain, signUp } = settings;
  const secret = readInvitationSecret(settings);
  if (signUp !== 'invitation') return { policy: signUp };
  const key = secret === undefined ? keep?.() : { domain, secret };
  if (key === undefined) {
    throw new ConfigError(
      'The setting signUp is invitation, but the setting invitationKey, with which invitations are signed, is missing: give 32 random bytes in Base64, as `openssl rand -base64 32` prints.',
    );
  }
  return { policy: signUp, key };
}

/** OPAQUE's server setup, from its setting or its file; undefined: neither is given. Throws ConfigError, which does not hold it. */
export function readOpaqueSetup({
  opaqueSetup,
  opaqueSetupFile,
}: {
  readonly opaqueSetup?: string | undefined;
  readonly opaqueSetupFile?: string | undefined;
}): string | undefined {
  if (opaqueSetupFile === undefined) return opaqueSetup;
  if (opaqueSetup !== undefined) throw new ConfigError('The settings opaqueSetup and opaqueSetupFile: give only one.');
  return readSecretFile('opaqueSetupFile', opaqueSetupFile);
}
