// How an account comes to this device: made here, or signed in to with its password. What stands in the way is found out before anybody
// is asked for a password.
import { resolveAddress } from '#protocol/address.ts';
import { type Challenge, Client, checkServer, RequestError, withConnection } from '../../sdk/index.ts';
import { type App, firstPasswordOf, passwordOf, untilEnding } from '../app.ts';
import { SERVER_DEFAULT } from '../config.ts';

const NO_RESET = [
  'Nobody can reset a forgotten password, not even whoever runs the server:',
  'without it this account and its messages are lost. Choose several words, and keep them safe.',
];

/** A server that answers, and what it says of itself. */
export type Contact = {
  readonly servers: readonly string[];
  readonly domain: string;
  readonly signUp: Challenge['signUp'];
};

/** Makes sure that a profile can be made, then does `work`; where it fails, no empty directory is left. Throws ProfileError and what `work` throws. */
export async function inNewProfile<T>(app: App, work: () => Promise<T>): Promise<T> {
  const removeEmpty = await app.prepareProfile();
  try {
    return await work();
  } catch (error) {
    removeEmpty();
    throw error;
  }
}

/** Servers as given, or the one of this machine. */
export function serversOf({ settings: { servers } }: App): readonly string[] {
  return servers.length > 0 ? servers : [SERVER_DEFAULT];
}

/** Asks a server who it is. `typed`: an address that has to be one of its domain. Throws Refusal `wrong_domain`, RequestError `bad_name`, Unreachable. */
export function firstContact(app: App, servers: readonly string[], typed?: string): Promise<Contact> {
  return untilEnding(app, () =>
    withConnection(app.platform, servers, async (connection) => {
      const { domain, signUp } = connection.challenge;
      if (typed !== undefined) checkServer(connection, resolveAddress(typed, domain));
      return { servers, domain, signUp };
    }),
  );
}

/** Throws RequestError where no new account can be made there, or not without an invitation. */
export function maySignUp({ signUp }: Contact, invitation: string | undefined): void {
  if (signUp === 'closed') throw new RequestError('sign_up_closed');
  if (signUp === 'invitation' && invitation === undefined) {
    const message = 'This server wants an invitation for a new account. Ask its operator, then give --invitation CODE.';
    throw new RequestError('invitation_required', message);
  }
}

/** What an account is asked for with beside its name. */
export type Enrolment = { readonly invitation?: string; readonly deviceName?: string };

/** Asks for the new password, and says before that it cannot be reset. Throws as `Client.signUp` and `Client.rename`, and what forbids to ask. */
export async function signUp(
  app: App,
  contact: Contact,
  typed: string,
  { invitation, deviceName }: Enrolment = {},
): Promise<Client> {
  const address = resolveAddress(typed, contact.domain);
  for (const line of NO_RESET) app.output.note(line);
  const password = await firstPasswordOf(app, address);
  const credentials = {
    servers: contact.servers,
    address,
    password,
    ...(invitation === undefined ? {} : { invitation }),
  };
  const client = await untilEnding(app, () => Client.signUp(app.platform, credentials));
  await client.rename(deviceName ?? app.settings.deviceName);
  welcome(app, client, 'is yours');
  return client;
}

/** Asks for the password. Throws as `Client.logIn` and `Client.rename`, and what forbids to ask. */
export async function logIn(
  app: App,
  { servers, domain }: Contact,
  typed: string,
  { deviceName }: Enrolment = {},
): Promise<Client> {
  const address = resolveAddress(typed, domain);
  const password = await passwordOf(app, `Password of ${address}: `);
  const client = await untilEnding(app, () => Client.logIn(app.platform, { servers, address, password }));
  await client.rename(deviceName ?? app.settings.deviceName);
  welcome(app, client, 'has this as a new device');
  return client;
}

function welcome({ output, settings }: App, { account }: Client, what: string): void {
  const { address, device, servers } = account;
  output.show(
    { type: 'account', address, device, servers },
    `${address} ${what}. Its keys are in ${settings.profile}.`,
  );
}
