// Changing the password, and following a change that another device made. Other devices stay signed in: a password opens the vault
// and the profile, never a session (DESIGN section 4).
import { encodeSignedEntry } from '#protocol/account-entry.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import { NONCE_BYTES } from '#protocol/envelope.ts';
import { RequestError } from '#protocol/errors.ts';
import type { Connection } from './connection.ts';
import { changePassword as signPasswordEntry } from './crypto/account.ts';
import { sealVault } from './crypto/vault.ts';
import { grownLog, type Identity, withOwnIdentity } from './identity.ts';
import { fromBase64Url, registration } from './opaque.ts';
import { checkPassword } from './password-rule.ts';
import type { Platform } from './platform.ts';
import type { Profile } from './profile/profile.ts';

const STALE_TRIES = 3;

/**
 * Sets another password for the account and for this profile. `session`: a connection with a session. Throws Refusal (`weak_password`,
 * `wrong_password`), RequestError, or Unavailable: then either may hold, and the next start asks for the one that does.
 */
export async function changePassword(
  platform: Platform,
  profile: Profile,
  session: Connection,
  passwords: { readonly old: string; readonly fresh: string },
): Promise<void> {
  const { address, serverKey } = await profile.account.get();
  checkPassword(passwords.fresh, address);
  const version = await withOwnIdentity(platform, profile, passwords.old, async (identity) => {
    for (let current = identity, attempt = 1; ; attempt++) {
      try {
        return await register(platform, session, current, passwords.fresh, serverKey);
      } catch (error) {
        if (!(error instanceof RequestError) || error.code !== 'stale_log' || attempt === STALE_TRIES) throw error;
        current = { ...identity, ...(await grownLog(session, address, current.log)) };
      }
    }
  });
  await profile.account.rewrap(passwords.fresh, version);
}

async function register(
  platform: Platform,
  session: Connection,
  identity: Identity,
  password: string,
  serverKey: string,
): Promise<number> {
  const { address, seed, state } = identity;
  const attempt = await registration(password, { address, serverKey, stretching: platform.stretching });
  const started = await session.ask('password.start', { request: attempt.request });
  const { record, exportKey } = attempt.finish(started.response);
  const content = { identitySeed: seed, position: state.position };
  const vault = sealVault(address, exportKey, content, platform.random(NONCE_BYTES));
  exportKey.fill(0);
  const signer = { address, identitySeed: seed, state };
  const entry = signPasswordEntry(signer, fromBase64Url(record), vault, platform.clock.now());
  await session.ask('password.finish', {
    registration: started.registration,
    record,
    vault: encodeBase64(vault),
    entry: encodeSignedEntry(entry),
  });
  return state.passwordVersion + 1;
}

/** Wraps this profile with the password that another device set, once OPAQUE has proved it. Throws Refusal `wrong_password`, Unavailable, … */
export async function adoptPassword(platform: Platform, profile: Profile, password: string): Promise<void> {
  const version = await withOwnIdentity(platform, profile, password, async ({ state }) => state.passwordVersion);
  await profile.account.rewrap(password, version);
}
