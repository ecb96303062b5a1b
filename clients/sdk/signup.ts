// Signing up: a new identity, this as its first device, and the password that nobody but this client ever sees.
import { encodeSignedEntry } from '#protocol/account-entry.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import { deviceId, NONCE_BYTES, START, SUITE } from '#protocol/envelope.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { secrets } from '#secrets';
import type { Connection, Fields } from './connection.ts';
import { enrolDevice } from './crypto/account.ts';
import { sealVault } from './crypto/vault.ts';
import { withConnection } from './identity.ts';
import { registration } from './opaque.ts';
import { checkServer } from './own-device.ts';
import { checkPassword } from './password-rule.ts';
import { firstPin, verifyWhole } from './pins.ts';
import type { Platform } from './platform.ts';
import type { NewAccount, Profile } from './profile/profile.ts';

/** `address`: canonical. `servers`: ws:// or wss:// addresses of its domain, at least one. */
export type Credentials = { readonly address: string; readonly password: string; readonly servers: readonly string[] };

const KEY_BYTES = 32;

/**
 * Creates the account and this device's profile. Throws Refusal (`weak_password`, `wrong_domain`, …), RequestError (`name_taken`, …),
 * ProfileError before anything was made, or Unavailable: then it may have been made, and signing in tells.
 */
export async function signUp(
  platform: Platform,
  credentials: Credentials & { readonly invitation?: string },
): Promise<Profile> {
  const { address, password, servers, invitation } = credentials;
  checkPassword(password, address);
  return withConnection(platform, servers, async (connection) => {
    checkServer(connection, address);
    const { serverKey, signUp: policy } = connection.challenge;
    if (policy === 'closed') throw new RequestError('sign_up_closed');
    if (policy === 'invitation' && invitation === undefined) throw new RequestError('invitation_required');
    const attempt = await registration(password, { address, serverKey, stretching: platform.stretching });
    const started = await connection.ask('signup.start', { address, request: attempt.request });
    const { record, exportKey } = attempt.finish(started.response);

    const seed = platform.random(KEY_BYTES);
    const device = newDevice(platform);
    const signer = { address, identitySeed: seed, state: undefined };
    const entry = encodeSignedEntry(enrolDevice(signer, device.secrets, [SUITE], platform.clock.now()));
    const vault = sealVault(address, exportKey, { identitySeed: seed, position: START }, platform.random(NONCE_BYTES));
    const identity = secrets.ed25519Public(seed);
    seed.fill(0);
    exportKey.fill(0);

    // First the profile: a disk that cannot be written must be found out before the name is taken.
    const account = {
      ...device.account,
      address,
      domain: connection.challenge.domain,
      servers,
      serverKey,
      identity,
      passwordVersion: 0,
    };
    const profile = await platform.profiles.create(account, password);
    return keepOrErase(profile, async () => {
      const request = {
        address,
        registration: started.registration,
        record,
        vault: encodeBase64(vault),
        entry,
        ...(invitation === undefined ? {} : { invitation }),
      };
      await finish(platform, { address, servers, serverKey }, connection, request);
      const now = platform.clock.now();
      await profile.pins.update(address, () => ({ pin: firstPin([entry], verifyWhole([entry], address), now) }));
    });
  });
}

/** The same request again is answered again: so a lost answer is asked for once more. */
async function finish(
  platform: Platform,
  { address, servers, serverKey }: Pick<NewAccount, 'address' | 'servers' | 'serverKey'>,
  connection: Connection,
  request: Fields<'signup.finish'>,
): Promise<void> {
  try {
    await connection.ask('signup.finish', request);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    await withConnection(platform, servers, (again) => {
      checkServer(again, address, serverKey);
      return again.ask('signup.finish', request);
    });
  }
}

/** The keys of a device that does not exist yet. */
export function newDevice(platform: Platform): {
  readonly secrets: { readonly x25519Secret: Uint8Array; readonly ed25519Seed: Uint8Array };
  readonly account: Pick<NewAccount, 'device' | 'boxSecret' | 'signSeed'>;
} {
  const boxSecret = platform.random(KEY_BYTES);
  const signSeed = platform.random(KEY_BYTES);
  const device = encodeBase64(deviceId(secrets.x25519Public(boxSecret), secrets.ed25519Public(signSeed)));
  return { secrets: { x25519Secret: boxSecret, ed25519Seed: signSeed }, account: { device, boxSecret, signSeed } };
}

/** A profile is worth keeping only if its device is in the log. */
export async function keepOrErase(profile: Profile, enrol: () => Promise<void>): Promise<Profile> {
  try {
    await enrol();
    return profile;
  } catch (error) {
    await profile.erase();
    throw error;
  }
}
