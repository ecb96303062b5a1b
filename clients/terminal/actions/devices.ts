// The own devices: which there are, and taking one of them out of the account.
import { type DeviceInfo, Unavailable } from '../../sdk/index.ts';
import type { Acting } from '../acting.ts';
import type { App } from '../app.ts';
import { Ended, EXIT, endOf } from '../exit.ts';
import { localTime, rfc3339 } from '../lines.ts';

/** What somebody must type of a device's key at least: two devices rarely begin alike. */
const PREFIX_MIN_CHARS = 4;

const USES = 'When a device was used last is what the server says, up to an hour too early.';

/** The beginning of a device's key, long enough to mean one. Throws Ended. */
export function devicePrefix(typed: string): string {
  if (typed.length >= PREFIX_MIN_CHARS) return typed;
  throw new Ended(EXIT.usage, `Give at least ${PREFIX_MIN_CHARS} characters of a device's key.`);
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
  const devices = await client.devices();
  for (const device of devices) show(output, device);
  if (!output.json && devices.some(({ lastUsedAt }) => lastUsedAt !== undefined)) output.note(USES);
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
  if (found.length > 1) throw new Ended(EXIT.refused, `Several devices begin with ${prefix}. Type more of its key.`);
  if (device.thisDevice)
    throw new Ended(EXIT.refused, `That is the device that you are using. To give it up: ${typed('signout')}`);
  if (device.revokedAt !== undefined) throw new Ended(EXIT.refused, `The device ${device.device} was revoked already.`);
  return device;
}

/** Calls this device so. Throws as `Client.rename`. */
export async function renameDevice({ client, output }: Pick<Acting, 'client' | 'output'>, name: string): Promise<void> {
  await client.rename(name);
  const { device } = client.account;
  output.show({ type: 'renamed', device, name }, `Your devices call this one “${name}”.`);
}

/** Takes it out of the account. Throws as `Client.revoke`. */
export async function revokeDevice({ client, output }: Acting, device: string, password: string): Promise<void> {
  await client.revoke(device, password);
  output.show({ type: 'revoked', device }, `The device ${device} is revoked.`);
}

function show(output: App['output'], info: DeviceInfo): void {
  const { device, name, thisDevice, enrolledAt, revokedAt, lastUsedAt } = info;
  const record = {
    type: 'device',
    device,
    ...(name === undefined ? {} : { name }),
    thisDevice,
    enrolledAt: rfc3339(enrolledAt),
    ...(revokedAt === undefined ? {} : { revokedAt: rfc3339(revokedAt) }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: rfc3339(lastUsedAt) }),
  };
  const used = lastUsedAt === undefined ? '' : `, last used ${localTime(lastUsedAt)}`;
  const state = revokedAt === undefined ? '' : `, revoked ${localTime(revokedAt)}`;
  const called = `${name === undefined ? '' : `“${name}” `}${thisDevice ? '(this one) ' : ''}`;
  output.show(
    record,
    `${device}  ${called}since ${localTime(enrolledAt)}${used}${state}`,
    revokedAt === undefined ? 'plain' : 'dim',
  );
}
