// The commands that bring an account to this device; what they do stands in actions/enrol.ts.
import type { Command } from 'commander';
import { firstContact, inNewProfile, logIn, maySignUp, serversOf, signUp } from '../actions/enrol.ts';
import type { App } from '../app.ts';
import { person } from '../arguments.ts';
import { type Define, example } from './define.ts';

const ADDRESS = 'name@domain, or a name of the domain that the server is of';

export const signupCommand: Define = (program, run) =>
  program
    .command('signup')
    .description('create an account, with this as its first device')
    .argument('<ADDRESS>', ADDRESS, person)
    .option('--invitation <CODE>', 'what the operator gave you, where the server asks for one')
    .addHelpText('after', example('signup al@localhost'))
    .action((typed: string, options: { invitation?: string }, command: Command) =>
      run(command, (app) => inNewProfile(app, () => signup(app, typed, options.invitation))),
    );

export const loginCommand: Define = (program, run) =>
  program
    .command('login')
    .description('sign in to an account that exists, with this as a new device')
    .argument('<ADDRESS>', ADDRESS, person)
    .addHelpText('after', example('login al@localhost --profile ~/.parley-2'))
    .action((typed: string, _options: object, command: Command) =>
      run(command, (app) => inNewProfile(app, () => login(app, typed))),
    );

async function signup(app: App, typed: string, invitation?: string): Promise<void> {
  const contact = await firstContact(app, serversOf(app), typed);
  maySignUp(contact, invitation);
  await (await signUp(app, contact, typed, invitation)).close();
}

async function login(app: App, typed: string): Promise<void> {
  await (await logIn(app, await firstContact(app, serversOf(app), typed), typed)).close();
}
