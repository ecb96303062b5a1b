// The own devices: which there are, and taking one of them out of the account.
import { type Command, InvalidArgumentError } from 'commander';
import { type Client, type DeviceInfo, Unavailable } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { Ended, EXIT, endOf } from '../exit.ts';
import { localTime, rfc3339 } from '../lines.ts';
import { withSession } from '../session.ts';
import { type Define, example } from './define.ts';

/** What somebody must type of a device's name at least: two devices rarely begin alike. */
const PREFIX_MIN_CHARS = 4;

export const devicesCommand: Define = (program, run) =>
  program
    .command('devices')
    .description('list the devices of this account')
    .addHelpText('after', example('devices'))
    .action((_options: object, command: Command) => run(command, devices));

export const revokeCommand: Define = (program, run) =>
  program
    .command('revoke')
    .description('take a device out of the account: nothing more is sent to it, and nobody believes what it sends')
    .argument('<DEVICE>', 'its name in the list of devices, or the beginning of it', deviceName)
    .addHelpText('after', example('revoke mN3x'))
    .action((device: string, _options: object, command: Command) => run(command, (app) => revoke(app, device)));

function deviceName(typed: string): string {
  if (typed.length >= PREFIX_MIN_CHARS) return typed;
  throw new InvalidArgumentError(`Give at least ${PREFIX_MIN_CHARS} characters of a name that devices shows.`);
}

function devices(app: App): Promise<void> {
  return withClient(app, async (client) => {
    let away: Unavailable | undefined;
    try {
      await withSession(client, false, () => client.online());
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      away = error;
    }
    for (const device of await client.devices()) show(app, device);
    if (away !== undefined)
      throw new Unavailable(`${endOf(away).sentence} These are the devices that were known before.`);
  });
}

function revoke(app: App, typed: string): Promise<void> {
  return withClient(app, async (client, password) => {
    const { device } = await withSession(client, false, () => find(client, typed));
    await client.revoke(device, password);
    app.output.show({ type: 'revoked', device }, `The device ${device} is revoked.`);
  });
}

async function find(client: Client, typed: string): Promise<DeviceInfo> {
  await client.online();
  const found = (await client.devices()).filter(({ device }) => device.startsWith(typed));
  const [device] = found;
  if (device === undefined) {
    throw new Ended(EXIT.refused, `This account has no device ${typed}. See: devices`);
  }
  if (found.length > 1) throw new Ended(EXIT.refused, `Several devices begin with ${typed}. Type more of its name.`);
  if (device.thisDevice)
    throw new Ended(EXIT.refused, 'That is the device that you are using. To give it up, use signout.');
  if (device.revokedAt !== undefined) throw new Ended(EXIT.refused, `The device ${device.device} was revoked already.`);
  return device;
}

function show({ output }: App, { device, thisDevice, enrolledAt, revokedAt }: DeviceInfo): void {
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
