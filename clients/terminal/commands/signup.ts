// How an account comes to this device: made here, or signed in to with its password. What stands in the way is found out before anybody
// is asked for a password.
import type { Command } from 'commander';
import { resolveAddress } from '#protocol/address.ts';
import { type Challenge, Client, checkServer, RequestError, withConnection } from '../../sdk/index.ts';
import { type App, firstPasswordOf, passwordOf, untilEnding } from '../app.ts';
import { person } from '../arguments.ts';
import { SERVER_DEFAULT } from '../config.ts';
import { type Define, example } from './define.ts';

const NO_RESET = [
  'Nobody can reset a forgotten password, not even whoever runs the server:',
  'without it this account and its messages are lost. Choose several words, and keep them safe.',
];
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

/** Makes sure that a profile can be made, then does `work`; where it fails, no empty directory is left. Throws ProfileError and what `work` throws. */
async function inNewProfile(app: App, work: () => Promise<void>): Promise<void> {
  const removeEmpty = await app.prepareProfile();
  try {
    await work();
  } catch (error) {
    removeEmpty();
    throw error;
  }
}

async function signup(app: App, typed: string, invitation?: string): Promise<void> {
  const { address, signUp } = await firstContact(app, typed);
  if (signUp === 'closed') throw new RequestError('sign_up_closed');
  if (signUp === 'invitation' && invitation === undefined) {
    const message = 'This server wants an invitation for a new account. Ask its operator, then give --invitation CODE.';
    throw new RequestError('invitation_required', message);
  }
  for (const line of NO_RESET) app.output.note(line);
  const password = await firstPasswordOf(app, address);
  const servers = serversOf(app);
  const credentials = { servers, address, password, ...(invitation === undefined ? {} : { invitation }) };
  await welcome(app, await untilEnding(app, () => Client.signUp(app.platform, credentials)), 'is yours');
}

async function login(app: App, typed: string): Promise<void> {
  const { address } = await firstContact(app, typed);
  const password = await passwordOf(app, `Password of ${address}: `);
  const credentials = { servers: serversOf(app), address, password };
  const client = await untilEnding(app, () => Client.logIn(app.platform, credentials));
  await welcome(app, client, 'has this as a new device');
}

/** Asks the server who it is: a bare name gets its domain. Throws Refusal `wrong_domain`, Unreachable. */
async function firstContact(app: App, typed: string): Promise<{ address: string; signUp: Challenge['signUp'] }> {
  return untilEnding(app, () =>
    withConnection(app.platform, serversOf(app), async (connection) => {
      const { domain, signUp } = connection.challenge;
      const address = resolveAddress(typed, domain);
      checkServer(connection, address);
      return { address, signUp };
    }),
  );
}

async function welcome({ output, settings }: App, client: Client, what: string): Promise<void> {
  const { address, device, servers } = client.account;
  await client.close();
  output.show(
    { type: 'account', address, device, servers },
    `${address} ${what}. Its keys are in ${settings.profile}.`,
  );
}

function serversOf({ settings: { servers } }: App): readonly string[] {
  return servers.length > 0 ? servers : [SERVER_DEFAULT];
}
