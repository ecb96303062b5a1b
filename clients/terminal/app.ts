// What every command stands on: the person's settings, the output, the password, and a client that is opened, used and closed.
import { Client, type Platform } from '../sdk/index.ts';
import type { Settings } from './config.ts';
import { endOf, interrupted, signalOf } from './exit.ts';
import type { Output } from './output.ts';
import { chooseNewPassword, readPassword } from './password.ts';
import type { Ask } from './prompt.ts';

export type App = {
  readonly settings: Settings;
  readonly output: Output;
  readonly ask: Ask;
  readonly platform: Platform;
  /** Aborts, with the signal's name as its reason, when the person or the system wants the command to end. */
  readonly ending: AbortSignal;
  /** Makes sure that a profile can be made where it is to be. Throws ProfileError. */
  prepareProfile(): Promise<void>;
  /** A path as the person meant it, absolute. */
  path(given: string): string;
};

/** The account's password. Throws Ended where there is none to be had. `moreToCome`: another question follows. */
export function passwordOf({ settings, ask }: App, question: string, moreToCome = false): Promise<string> {
  return readPassword(question, { file: settings.passwordFile, given: settings.password, ask, moreToCome });
}

/** The password that an account is to get. Throws Ended likewise. */
export function firstPasswordOf({ settings, ask }: App, question: string): Promise<string> {
  return chooseNewPassword(question, { file: settings.passwordFile, given: settings.password, ask });
}

/** The password that replaces another. `file`: absolute path, of --new-password-file. */
export function newPasswordOf({ settings, ask }: App, question: string, file?: string): Promise<string> {
  return chooseNewPassword(question, { file, given: settings.newPassword, ask }, 'PARLEY_NEW_PASSWORD');
}

/** What a command does with the client; `password` is the one that holds. */
type Work<T> = (client: Client, password: string) => Promise<T>;

/**
 * Opens this profile, lets `work` use it, and closes it whatever happens. Where another device has changed the password, the new one is asked for
 * first. Servers that were given are remembered once there was a session with one. Throws Interrupted when the command is to end. `asksMore`: the
 * work has questions of its own.
 */
export async function withClient<T>(app: App, work: Work<T>, { asksMore = false } = {}): Promise<T> {
  const { servers } = app.settings;
  const given = await passwordOf(app, 'Password: ', asksMore);
  const client = await Client.open(app.platform, given, servers);
  const remembered = servers.length === 0 ? async () => {} : rememberServers(app, client);
  try {
    const password = client.passwordChanged ? await adopted(app, client) : given;
    return await untilEnding(app, () => work(client, password));
  } finally {
    await remembered();
    await client.close();
  }
}

/** Resolves, when it is called, once what is to be remembered is on disk. */
function rememberServers({ settings, output }: App, client: Client): () => Promise<void> {
  let writing: Promise<void> | undefined;
  client.on(({ type }) => {
    if (type !== 'online' || writing !== undefined) return;
    writing = client.setServers(settings.servers).catch((error: unknown) => output.note(endOf(error).sentence));
  });
  return async () => writing;
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

async function adopted({ settings, ask, output }: App, client: Client): Promise<string> {
  output.note('The password was changed on another device. This device needs the new one, once.');
  const password = await readPassword('New password: ', { given: settings.newPassword, ask }, 'PARLEY_NEW_PASSWORD');
  await client.adoptPassword(password);
  return password;
}
