// The own devices: which there are, and taking one of them out of the account.
import { type DeviceInfo, Unavailable } from '../../sdk/index.ts';
import type { Acting } from '../acting.ts';
import type { App } from '../app.ts';
import { Ended, EXIT, endOf } from '../exit.ts';
import { localTime, rfc3339 } from '../lines.ts';

/** What somebody must type of a device's name at least: two devices rarely begin alike. */
const PREFIX_MIN_CHARS = 4;

/** The beginning of a device's name, long enough to mean one. Throws Ended. */
export function devicePrefix(typed: string): string {
  if (typed.length >= PREFIX_MIN_CHARS) return typed;
  throw new Ended(EXIT.usage, `Give at least ${PREFIX_MIN_CHARS} characters of a device's name.`);
}

/** Lists them; without a server those that were known, and then it throws Unavailable. */
export async function showDevices({ client, inSession, output }: Acting): Promise<void> {
  let away: Unavailable | undefined;
  try {
    await inSession(() => client.online());
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    away = error;
  }
  for (const device of await client.devices()) show(output, device);
  if (away !== undefined)
    throw new Unavailable(`${endOf(away).sentence} These are the devices that were known before.`);
}

/** The other device that is meant, in use. Throws Ended where there is none, or several. */
export async function findDevice({ client, inSession, typed }: Acting, prefix: string): Promise<DeviceInfo> {
  await inSession(() => client.online());
  const found = (await client.devices()).filter(({ device }) => device.startsWith(prefix));
  const [device] = found;
  if (device === undefined) {
    throw new Ended(EXIT.refused, `This account has no device ${prefix}. See: ${typed('devices')}`);
  }
  if (found.length > 1) throw new Ended(EXIT.refused, `Several devices begin with ${prefix}. Type more of its name.`);
  if (device.thisDevice)
    throw new Ended(EXIT.refused, `That is the device that you are using. To give it up: ${typed('signout')}`);
  if (device.revokedAt !== undefined) throw new Ended(EXIT.refused, `The device ${device.device} was revoked already.`);
  return device;
}

/** Takes it out of the account. Throws as `Client.revoke`. */
export async function revokeDevice({ client, output }: Acting, device: string, password: string): Promise<void> {
  await client.revoke(device, password);
  output.show({ type: 'revoked', device }, `The device ${device} is revoked.`);
}

function show(output: App['output'], { device, thisDevice, enrolledAt, revokedAt }: DeviceInfo): void {
  const record = {
    type: 'device',
    device,
    thisDevice,
    enrolledAt: rfc3339(enrolledAt),
    ...(revokedAt === undefined ? {} : { revokedAt: rfc3339(revokedAt) }),
  };
  const state = revokedAt === undefined ? '' : `, revoked ${localTime(revokedAt)}`;
  const mark = thisDevice ? ' (this one)' : '';
  output.show(
    record,
    `${device}  since ${localTime(enrolledAt)}${state}${mark}`,
    revokedAt === undefined ? 'plain' : 'dim',
  );
}
