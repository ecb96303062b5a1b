// The account itself: made, brought to this device, its password changed, taken off this device, deleted.

import type { Command } from 'commander';
import { addressFault } from '#protocol/address.ts';
import { Client, RequestError } from '../../sdk/index.ts';
import { type App, firstPasswordOf, newPasswordOf, passwordOf, untilEnding, withClient } from '../app.ts';
import { SERVER_DEFAULT } from '../config.ts';
import { usageError } from '../exit.ts';
import { withSession } from '../session.ts';
import { type Define, example } from './define.ts';

const NO_RESET = [
  'Nobody can reset a forgotten password, not even whoever runs the server:',
  'without it this account and its messages are lost. Choose several words, and keep them safe.',
];

export const signupCommand: Define = (program, run) =>
  program
    .command('signup')
    .description('create an account, with this as its first device')
    .argument('<ADDRESS>', 'name@domain')
    .option('--invitation <CODE>', 'what the operator gave you, where the server asks for one')
    .addHelpText('after', example('signup al@localhost'))
    .action((address: string, options: { invitation?: string }, command: Command) =>
      run(command, (app) => signup(app, canonical(address), options.invitation)),
    );

export const loginCommand: Define = (program, run) =>
  program
    .command('login')
    .description('sign in to an account that exists, with this as a new device')
    .argument('<ADDRESS>', 'name@domain')
    .addHelpText('after', example('login al@localhost --profile ~/.parley-2'))
    .action((address: string, _options: object, command: Command) =>
      run(command, (app) => login(app, canonical(address))),
    );

export const passwordCommand: Define = (program, run) =>
  program
    .command('password')
    .description('change the password; other devices stay signed in and ask for the new one')
    .option('--new-password-file <F>', 'a file with the new password (else PARLEY_NEW_PASSWORD, else asked for)')
    .addHelpText('after', example('password'))
    .action((options: { newPasswordFile?: string }, command: Command) =>
      run(command, (app) => changePassword(app, options.newPasswordFile)),
    );

export const signoutCommand: Define = (program, run) =>
  program
    .command('signout')
    .description('revoke this device and erase its keys and its history')
    .addHelpText('after', example('signout'))
    .action((_options: object, command: Command) => run(command, signout));

export const deleteAccountCommand: Define = (program, run) =>
  program
    .command('deleteaccount')
    .description('delete the account for ever and erase this device; nobody can take its name again')
    .option('--yes', 'this is meant: it cannot be undone')
    .addHelpText('after', example('deleteaccount --yes'))
    .action((options: { yes?: boolean }, command: Command) =>
      run(command, (app) => deleteAccount(app, options.yes === true)),
    );

async function signup(app: App, address: string, invitation?: string): Promise<void> {
  for (const line of NO_RESET) app.output.note(line);
  const password = await firstPasswordOf(app, `A password for ${address}: `);
  const credentials = { ...serversOf(app), address, password, ...(invitation === undefined ? {} : { invitation }) };
  await welcome(app, await untilEnding(app, () => Client.signUp(app.platform, credentials)), 'is yours');
}

async function login(app: App, address: string): Promise<void> {
  const password = await passwordOf(app, `Password of ${address}: `);
  const client = await untilEnding(app, () => Client.logIn(app.platform, { ...serversOf(app), address, password }));
  await welcome(app, client, 'has this as a new device');
}

async function welcome({ output, settings }: App, client: Client, what: string): Promise<void> {
  const { address, device, servers } = client.account;
  await client.close();
  output.show(
    { type: 'account', address, device, servers },
    `${address} ${what}. Its keys are in ${settings.profile}.`,
  );
}

function changePassword(app: App, file?: string): Promise<void> {
  return withClient(app, async (client, old) => {
    const fresh = await newPasswordOf(app, 'New password: ', file === undefined ? undefined : app.path(file));
    await withSession(client, false, () => client.changePassword(old, fresh));
    app.output.show({ type: 'password_changed', address: client.account.address }, 'The password is changed.');
  });
}

function signout(app: App): Promise<void> {
  return withClient(app, async (client, password) => {
    await client.signOut(password);
    const { address, device } = client.account;
    app.output.show({ type: 'signed_out', address, device }, `This device of ${address} is signed out and erased.`);
  });
}

async function deleteAccount(app: App, sure: boolean): Promise<void> {
  if (!sure) throw usageError('This cannot be undone. Add --yes if it is meant.');
  await withClient(app, async (client, password) => {
    const { address } = client.account;
    await withSession(client, false, () => client.deleteAccount(password));
    app.output.show({ type: 'account_deleted', address }, `${address} is deleted.`);
  });
}

function serversOf({ settings: { servers } }: App): { servers: readonly string[] } {
  return { servers: servers.length > 0 ? servers : [SERVER_DEFAULT] };
}

function canonical(typed: string): string {
  const address = typed.toLowerCase();
  const fault = addressFault(address);
  if (fault !== undefined) throw new RequestError('bad_name', `${typed} is not an address. ${fault}`);
  return address;
}
