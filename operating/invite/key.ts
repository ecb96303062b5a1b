// Which key signs the invitations. A data folder that is named counts before a key that the environment may hold for another server.
import { ConfigError, type Settings } from '#runtime/config.ts';
import type { InvitationKey } from '../../services/auth/invitation-code.ts';
import { keptInvitationKey, readInvitationSecret } from '../../services/auth/invitation-key.ts';
import type { inviteSettings } from './config.ts';

const DATA_DEFAULT = './data';
const DOMAIN_DEFAULT = 'localhost';

/** Throws ConfigError if there is no key or the domain is another; StartError if the key in the data folder cannot be read. */
export function keyToSignWith(settings: Settings<typeof inviteSettings>): InvitationKey {
  const { data, domain } = settings;
  const secret = data === undefined ? readInvitationSecret(settings) : undefined;
  if (secret !== undefined) return { domain: domain ?? DOMAIN_DEFAULT, secret };
  const folder = data ?? DATA_DEFAULT;
  const key = keptInvitationKey(folder);
  if (key === undefined) {
    throw new ConfigError(
      `The folder ${folder} has no key of invitations: start its server once with --sign-up invitation, name another folder with --data, or give the key of a deployment with PARLEY_INVITATION_KEY.`,
    );
  }
  return key;
}
