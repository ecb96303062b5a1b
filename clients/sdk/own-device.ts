// This device of this account, as bytes at hand: what sealing, opening and proving a session need of the profile's account.
import { parseAddress } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import type { DeviceIds } from '#protocol/envelope.ts';
import { CLIENT_NONCE_BYTES, sessionBytes } from '#protocol/session.ts';
import type { Connection } from './connection.ts';
import type { SealingDevice } from './crypto/seal.ts';
import { signLabelled } from './crypto/sign.ts';
import { BoxKeys } from './crypto/slot.ts';
import { fromBase64Url } from './opaque.ts';
import type { Random } from './platform.ts';
import type { NewAccount } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

export type OwnDevice = {
  readonly address: string;
  readonly domain: string;
  /** The pinned OPAQUE key, base64url text. */
  readonly serverKey: string;
  /** The device's id as text and as bytes. */
  readonly device: string;
  readonly ids: DeviceIds;
  readonly boxKeys: BoxKeys;
  readonly sealing: SealingDevice;
};

/** The keys of a profile's account, ready for use. */
export function ownDevice(account: NewAccount): OwnDevice {
  const { address, identity, device, serverKey } = account;
  const boxKeys = new BoxKeys(account.boxSecret);
  return {
    address,
    domain: parseAddress(address).domain,
    serverKey,
    device,
    ids: { address, identity, device: decodeBase64(device) },
    boxKeys,
    sealing: { identity, ed25519Seed: account.signSeed, boxKeys },
  };
}

/** Throws Refusal where the server that has just spoken is not the one of this address, or not the one pinned (`serverKey`). */
export function checkServer(connection: Connection, address: string, serverKey?: string): void {
  const { challenge, url } = connection;
  const { domain } = parseAddress(address);
  if (challenge.domain !== domain) {
    throw new Refusal(
      'wrong_domain',
      `${url} is the server of ${challenge.domain}, not of ${domain}. Check the address and the server.`,
    );
  }
  if (serverKey !== undefined && challenge.serverKey !== serverKey) {
    throw new Refusal(
      'server_key_changed',
      `${url} shows another key than the one that this account is pinned to. Ask its operator before you go on.`,
    );
  }
}

/**
 * Opens a session: signs the connection's challenge (DESIGN section 4, Session). `number`: greater than any before of this device.
 * Throws Refusal, RequestError or Unavailable; then the connection is closed, unless it is `device_revoked`.
 */
export async function proveDevice(
  connection: Connection,
  own: OwnDevice,
  session: { readonly number: number; readonly receive: boolean; readonly random: Random },
): Promise<void> {
  checkServer(connection, own.address, own.serverKey);
  const { number, receive, random } = session;
  const clientNonce = random(CLIENT_NONCE_BYTES);
  const claim = sessionBytes({
    domain: own.domain,
    serverKey: fromBase64Url(own.serverKey),
    serverNonce: decodeBase64(connection.challenge.nonce),
    clientNonce,
    address: own.address,
    device: own.ids.device,
    number,
  });
  const signature = signLabelled('session', claim, own.sealing.ed25519Seed);
  await connection.authenticate({
    address: own.address,
    device: own.device,
    number,
    nonce: encodeBase64(clientNonce),
    signature: encodeBase64(signature),
    receive,
  });
}
