// Signing in on a new device: the password opens the vault, the identity in it enrols the device.
import { SUITE } from '#protocol/envelope.ts';
import { enrolDevice } from './crypto/account.ts';
import { appendSigned, withConnection, withIdentity } from './identity.ts';
import { checkServer } from './own-device.ts';
import { firstPin } from './pins.ts';
import type { Platform } from './platform.ts';
import type { Profile } from './profile/profile.ts';
import { type Credentials, keepOrErase, newDevice } from './signup.ts';

/**
 * Enrols this device and creates its profile. Throws Refusal (`wrong_password` says how many tries are left), RequestError
 * (`too_many_tries`, `log_full`, …), ProfileError before anything was made, or Unavailable.
 */
export async function logIn(platform: Platform, { address, password, servers }: Credentials): Promise<Profile> {
  return withConnection(platform, servers, async (connection) => {
    checkServer(connection, address);
    const { serverKey, domain } = connection.challenge;
    return withIdentity(
      connection,
      password,
      { address, serverKey, stretching: platform.stretching, pinned: [] },
      async (identity) => {
        const device = newDevice(platform);
        const { passwordVersion, identity: publicKey } = identity.state;
        const account = {
          ...device.account,
          address,
          domain,
          servers,
          serverKey,
          identity: publicKey,
          passwordVersion,
        };
        const profile = await platform.profiles.create(account, password);
        return keepOrErase(profile, async () => {
          const { log, state } = await appendSigned(connection, identity, (before) =>
            enrolDevice(
              { address, identitySeed: identity.seed, state: before },
              device.secrets,
              [SUITE],
              platform.clock.now(),
            ),
          );
          await profile.pins.update(address, () => ({ pin: firstPin(log, state, platform.clock.now()) }));
        });
      },
    );
  });
}
