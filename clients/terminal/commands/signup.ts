// The commands that bring an account to this device; what they do stands in actions/enrol.ts.
import type { Command } from 'commander';
import { type Enrolment, firstContact, inNewProfile, logIn, maySignUp, serversOf, signUp } from '../actions/enrol.ts';
import type { App } from '../app.ts';
import { deviceName, person } from '../arguments.ts';
import { type Define, example } from './define.ts';

const DEVICE_NAME = [
  '--device-name <NAME>',
  'what your other devices call this one; nobody else learns it (PARLEY_DEVICE_NAME, else the name of this machine)',
] as const;
const ADDRESS = 'name@domain, or a name of the domain that the server is of';

export const signupCommand: Define = (program, run) =>
  program
    .command('signup')
    .description('create an account, with this as its first device')
    .argument('<ADDRESS>', ADDRESS, person)
    .option('--invitation <CODE>', 'what the operator gave you, where the server asks for one')
    .option(...DEVICE_NAME, deviceName)
    .addHelpText('after', example('signup al@localhost'))
    .action((typed: string, options: Enrolment, command: Command) =>
      run(command, (app) => inNewProfile(app, () => signup(app, typed, options))),
    );

export const loginCommand: Define = (program, run) =>
  program
    .command('login')
    .description('sign in to an account that exists, with this as a new device')
    .argument('<ADDRESS>', ADDRESS, person)
    .option(...DEVICE_NAME, deviceName)
    .addHelpText('after', example('login al@localhost --profile ~/.parley-2'))
    .action((typed: string, options: Enrolment, command: Command) =>
      run(command, (app) => inNewProfile(app, () => login(app, typed, options))),
    );

async function signup(app: App, typed: string, options: Enrolment): Promise<void> {
  const contact = await firstContact(app, serversOf(app), typed);
  maySignUp(contact, options.invitation);
  await (await signUp(app, contact, typed, options)).close();
}

async function login(app: App, typed: string, options: Enrolment): Promise<void> {
  await (await logIn(app, await firstContact(app, serversOf(app), typed), typed, options)).close();
}
