// The account itself, once it is here: its password changed, taken off this device, deleted.
import type { Command } from 'commander';
import { type Client, Unavailable } from '../../sdk/index.ts';
import { type App, mustBeMeant, newPasswordOf, withClient } from '../app.ts';
import { Ended, endOf } from '../exit.ts';
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
      run(command, (app) => deleteAccount(app, options.yes === true)),
    );

function changePassword(app: App, file?: string): Promise<void> {
  const change = async (client: Client, old: string) => {
    const fresh = await newPasswordOf(app, client.account.address, file === undefined ? undefined : app.path(file));
    await withSession(client, false, () => client.changePassword(old, fresh));
    app.output.show({ type: 'password_changed', address: client.account.address }, 'The password is changed.');
  };
  return withClient(app, change, { asksMore: file === undefined });
}

function signout(app: App, sure: boolean): Promise<void> {
  const work = async (client: Client, password: string) => {
    const { address, device } = client.account;
    if (!sure && (await isOnlyDevice(client))) {
      const warning = `This is the only device of ${address}: its history is erased for ever, and nobody can write to ${address} until login makes a new device.`;
      await mustBeMeant(app, warning);
    }
    await client.signOut(password);
    app.output.show({ type: 'signed_out', address, device }, `This device of ${address} is signed out and erased.`);
  };
  return withClient(app, work, { asksMore: !sure, leaves: true });
}

/** Whether the account has no other device in use; false also where this one is out of it. Throws Unavailable or Ended where that cannot be known. */
async function isOnlyDevice(client: Client): Promise<boolean> {
  if ((await client.gone()) !== undefined) return false;
  try {
    await withSession(client, false, () => client.online());
    return (await client.devices()).every(({ thisDevice, revokedAt }) => thisDevice || revokedAt !== undefined);
  } catch (error) {
    if (error instanceof Ended) {
      // A session takes room on the disk; to revoke and to erase takes none.
      throw new Ended(error.status, `${error.message} To erase this device all the same: signout --yes.`);
    }
    if (!(error instanceof Unavailable)) throw error;
    const unknown = `Whether this is the only device of ${client.account.address} cannot be known without a server, and signing out needs one: nothing was erased.`;
    throw new Unavailable(`${endOf(error).sentence} ${unknown}`);
  }
}

async function deleteAccount(app: App, sure: boolean): Promise<void> {
  if (!sure)
    await mustBeMeant(app, 'The account and all that this device has of it go for ever: this cannot be undone.', true);
  await withClient(app, async (client, password) => {
    const { address } = client.account;
    await withSession(client, false, () => client.deleteAccount(password));
    app.output.show({ type: 'account_deleted', address }, `${address} is deleted.`);
  });
}
