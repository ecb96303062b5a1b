// The account itself, once it is here: its password changed, taken off this device, deleted.
import type { Command } from 'commander';
import type { Client } from '../../sdk/index.ts';
import { type App, newPasswordOf, withClient } from '../app.ts';
import { usageError } from '../exit.ts';
import { withSession } from '../session.ts';
import { type Define, example } from './define.ts';

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

function changePassword(app: App, file?: string): Promise<void> {
  const change = async (client: Client, old: string) => {
    const fresh = await newPasswordOf(app, 'New password: ', file === undefined ? undefined : app.path(file));
    await withSession(client, false, () => client.changePassword(old, fresh));
    app.output.show({ type: 'password_changed', address: client.account.address }, 'The password is changed.');
  };
  return withClient(app, change, { asksMore: file === undefined });
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
