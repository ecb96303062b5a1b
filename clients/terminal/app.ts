// What every command stands on: the person's settings, the output, the password, and a client that is opened, used and closed.
import { Client, type Platform } from '../sdk/index.ts';
import type { Settings } from './config.ts';
import { type EndSignal, interrupted } from './exit.ts';
import type { Output } from './output.ts';
import { type Ask, chooseNewPassword, readPassword } from './password.ts';

export type App = {
  readonly settings: Settings;
  readonly output: Output;
  readonly ask: Ask;
  readonly platform: Platform;
  /** Aborts, with the signal's name as its reason, when the person or the system wants the command to end. */
  readonly ending: AbortSignal;
  /** A path as the person meant it, absolute. */
  path(given: string): string;
};

/** The account's password. Throws Ended where there is none to be had. */
export function passwordOf({ settings, ask }: App, question: string): Promise<string> {
  return readPassword(question, { file: settings.passwordFile, given: settings.password, ask });
}

/** The password that an account is to get. Throws Ended likewise. */
export function firstPasswordOf({ settings, ask }: App, question: string): Promise<string> {
  return chooseNewPassword(question, { file: settings.passwordFile, given: settings.password, ask });
}

/** The password that replaces another. `file`: absolute path, of --new-password-file. */
export function newPasswordOf({ settings, ask }: App, question: string, file?: string): Promise<string> {
  return chooseNewPassword(question, { file, given: settings.newPassword, ask }, 'PARLEY_NEW_PASSWORD');
}

/**
 * Opens this profile, lets `work` use it, and closes it whatever happens. Where another device has changed the password, the new one is asked for
 * first; `password` is the one that holds then. Servers that were given are remembered. Throws Interrupted when the command is to end.
 */
export async function withClient<T>(app: App, work: (client: Client, password: string) => Promise<T>): Promise<T> {
  const given = await passwordOf(app, 'Password: ');
  const client = await Client.open(app.platform, given);
  try {
    const { servers } = app.settings;
    if (servers.length > 0 && servers.join() !== client.account.servers.join()) await client.setServers(servers);
    const password = client.passwordChanged ? await adopted(app, client) : given;
    return await untilEnding(app, () => work(client, password));
  } finally {
    await client.close();
  }
}

/** `work`, unless the command is to end before: then Ended, with the status of the signal. */
export async function untilEnding<T>({ ending }: App, work: () => Promise<T>): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(interrupted(signalOf(ending)));
  if (ending.aborted) end();
  ending.addEventListener('abort', end);
  try {
    return await Promise.race([ended.promise, work()]);
  } finally {
    ending.removeEventListener('abort', end);
  }
}

/** What it was that ended the command. */
export function signalOf(ending: AbortSignal): EndSignal {
  return ending.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
}

async function adopted({ settings, ask, output }: App, client: Client): Promise<string> {
  output.note('The password was changed on another device. This device needs the new one, once.');
  const password = await readPassword('New password: ', { given: settings.newPassword, ask }, 'PARLEY_NEW_PASSWORD');
  await client.adoptPassword(password);
  return password;
}
