// The commands about the account itself; what they do stands in actions/account.ts.
import type { Command } from 'commander';
import type { Client } from '../../sdk/index.ts';
import { acting } from '../acting.ts';
import {
  changePassword,
  deleteAccount,
  deletionMustBeMeant,
  onlyDeviceMustBeMeant,
  signOut,
} from '../actions/account.ts';
import { type App, newPasswordOf, withClient } from '../app.ts';
import { type Define, example } from './define.ts';

export const passwordCommand: Define = (program, run) =>
  program
    .command('password')
    .description('change the password; other devices stay signed in and ask for the new one')
    .option('--new-password-file <F>', 'a file with the new password (else PARLEY_NEW_PASSWORD, else asked for)')
    .addHelpText('after', example('password'))
    .action((options: { newPasswordFile?: string }, command: Command) =>
      run(command, (app) => change(app, options.newPasswordFile)),
    );

export const signoutCommand: Define = (program, run) =>
  program
    .command('signout')
    .description('revoke this device and erase its keys and its history')
    .option('--yes', 'this is meant, also if it is the only device of the account')
    .addHelpText('after', example('signout'))
    .action((options: { yes?: boolean }, command: Command) =>
      run(command, (app) => signout(app, options.yes === true)),
    );

export const deleteAccountCommand: Define = (program, run) =>
  program
    .command('deleteaccount')
    .description('delete the account for ever and erase this device; nobody can take its name again')
    .option('--yes', 'this is meant: it cannot be undone')
    .addHelpText('after', example('deleteaccount --yes'))
    .action((options: { yes?: boolean }, command: Command) =>
      run(command, (app) => deletion(app, options.yes === true)),
    );

function change(app: App, file?: string): Promise<void> {
  const work = async (client: Client, old: string) => {
    const fresh = await newPasswordOf(app, client.account.address, file === undefined ? undefined : app.path(file));
    await changePassword(acting(app, client), old, fresh);
  };
  return withClient(app, work, { asksMore: file === undefined });
}

function signout(app: App, sure: boolean): Promise<void> {
  const work = async (client: Client, password: string) => {
    const acts = acting(app, client);
    if (!sure) await onlyDeviceMustBeMeant(acts);
    await signOut(acts, password);
  };
  return withClient(app, work, { asksMore: !sure, leaves: true });
}

async function deletion(app: App, sure: boolean): Promise<void> {
  if (!sure) await deletionMustBeMeant(app);
  await withClient(app, (client, password) => deleteAccount(acting(app, client), password));
}
