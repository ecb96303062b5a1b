// The commands about the own devices; what they do stands in actions/devices.ts.
import { type Command, InvalidArgumentError } from 'commander';
import { acting } from '../acting.ts';
import { devicePrefix, findDevice, renameDevice, revokeDevice, showDevices } from '../actions/devices.ts';
import { type App, withClient } from '../app.ts';
import { deviceName } from '../arguments.ts';
import { endOf } from '../exit.ts';
import { type Define, example } from './define.ts';

export const devicesCommand: Define = (program, run) =>
  program
    .command('devices')
    .description('list the devices of this account')
    .addHelpText('after', example('devices'))
    .action((_options: object, command: Command) =>
      run(command, (app) => withClient(app, (client) => showDevices(acting(app, client)))),
    );

export const renameCommand: Define = (program, run) =>
  program
    .command('rename')
    .description('call this device something else; your other devices learn it, and nobody else')
    .argument('<NAME>', 'what it is called', deviceName)
    .addHelpText('after', example("rename 'Laptop at work'"))
    .action((name: string, _options: object, command: Command) =>
      run(command, (app) => withClient(app, (client) => renameDevice(acting(app, client), name))),
    );

export const revokeCommand: Define = (program, run) =>
  program
    .command('revoke')
    .description(
      'take a device out of the account: nothing more is sent to it, nobody believes what it sends, and it erases itself when it hears of it',
    )
    .argument('<DEVICE>', 'its key in the list of devices, or the beginning of it', devicePrefixArgument)
    .addHelpText('after', example('revoke mN3x'))
    .action((device: string, _options: object, command: Command) => run(command, (app) => revoke(app, device)));

function devicePrefixArgument(typed: string): string {
  try {
    return devicePrefix(typed);
  } catch (error) {
    throw new InvalidArgumentError(endOf(error).sentence);
  }
}

function revoke(app: App, typed: string): Promise<void> {
  return withClient(app, async (client, password) => {
    const acts = acting(app, client);
    const { device } = await findDevice(acts, typed);
    await revokeDevice(acts, device, password);
  });
}
