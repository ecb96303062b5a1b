// The own devices: listed, revoked, this one signed out, the whole account deleted. Each needs the password, because each needs
// the identity.
import type { AccountState } from '#protocol/account-log.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { Connection } from './connection.ts';
import { revokeDevice, signAccountDeletion } from './crypto/account.ts';
import { appendSigned, withOwnIdentity } from './identity.ts';
import type { Log } from './pins.ts';
import type { Platform } from './platform.ts';
import type { DeviceId, Pin, Profile } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

/**
 * Times in ms since 1970; `enrolledAt` and `revokedAt` by the clock of the device that signed it. `lastUsedAt`: the server's word, up to an hour
 * too early; undefined where it was not asked, or knows of no use.
 */
export type DeviceInfo = {
  readonly device: DeviceId;
  readonly thisDevice: boolean;
  readonly enrolledAt: number;
  readonly firstSeenAt: number | undefined;
  readonly revokedAt: number | undefined;
  readonly lastUsedAt: number | undefined;
};

/** When devices were used last. */
export type LastUses = ReadonlyMap<DeviceId, number>;

/** All devices that an account ever had, in order of enrolment. */
export function listDevices(pin: Pin, state: AccountState, own: DeviceId, used: LastUses): DeviceInfo[] {
  return [...state.devices].map(([device, { enrolled, revoked }]) => ({
    device,
    thisDevice: device === own,
    enrolledAt: enrolled.time,
    firstSeenAt: pin.firstSeen[device],
    revokedAt: revoked?.time,
    lastUsedAt: used.get(device),
  }));
}

/** What the server says of the own devices; nothing where it does not, as before it knew of this. */
export async function fetchLastUses(session: Connection): Promise<LastUses> {
  try {
    const { used } = await session.ask('devices.used', {});
    return new Map(used.map(({ device, at }) => [device, at]));
  } catch (error) {
    if (error instanceof RequestError || error instanceof Unavailable) return new Map();
    throw error;
  }
}

/**
 * Revokes devices of the own account; those that are revoked already are passed over. Resolves with the log that says so; nothing is written here.
 * Throws Refusal `unknown_device`, `wrong_password`, …
 */
export async function revoke(
  platform: Platform,
  profile: Profile,
  devices: readonly DeviceId[],
  password: string,
): Promise<{ readonly log: Log; readonly state: AccountState }> {
  return withOwnIdentity(platform, profile, password, async (identity, connection) => {
    let current = identity;
    for (const device of devices) {
      const known = current.state.devices.get(device);
      if (known === undefined) throw new Refusal('unknown_device', 'This account has no such device.');
      if (known.revoked !== undefined) continue;
      const { address, seed: identitySeed } = identity;
      const appended = await appendSigned(connection, current, (state) =>
        revokeDevice({ address, identitySeed, state }, decodeBase64(device), platform.clock.now()),
      );
      current = { ...current, ...appended };
    }
    const { log, state } = current;
    return { log, state };
  });
}

/** Deletes the account at the server, for ever; its name stays taken. `session`: a connection with a session. */
export async function deleteAccount(
  platform: Platform,
  profile: Profile,
  session: Connection,
  password: string,
): Promise<void> {
  await withOwnIdentity(platform, profile, password, async ({ address, seed, state }) => {
    const signature = signAccountDeletion(address, seed, state.position);
    await session.ask('account.delete', { signature: encodeBase64(signature) });
  });
}
