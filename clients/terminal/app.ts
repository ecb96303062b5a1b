// What every command stands on: the person's settings, the output, the password, and a client that is opened, used and closed.
import { Client, checkPassword, type Platform, ProfileError } from '../sdk/index.ts';
import type { Settings } from './config.ts';
import { visible } from './escape.ts';
import { Ended, EXIT, endOf, interrupted, signalOf, usageError } from './exit.ts';
import { outOfAccount, unlessOut } from './out-of-account.ts';
import type { Output } from './output.ts';
import { chooseNewPassword, readPassword } from './password.ts';
import type { Ask } from './prompt.ts';

export type App = {
  readonly settings: Settings;
  readonly output: Output;
  readonly ask: Ask;
  /** As `ask`, with an answer that is no secret: it is shown. */
  readonly askOpenly: Ask;
  /** Lets go of the terminal where a further question was announced and does not come. */
  endQuestions(): void;
  readonly platform: Platform;
  /** Aborts, with the signal's name as its reason, when the person or the system wants the command to end. */
  readonly ending: AbortSignal;
  /** Makes sure that a profile can be made where it is to be. Throws ProfileError. Returns what removes the empty directories that it made for it. */
  prepareProfile(): Promise<() => void>;
  /** A path as the person meant it, absolute. */
  path(given: string): string;
  /** A further command of the same profile, complete as it is to be typed where this person is. */
  typed(command: string): string;
};

/** How often somebody may type the password of a profile. */
const UNLOCK_TRIES = 3;
const BY_FILE_OR_VARIABLE = 'Give --password-file F or set PARLEY_PASSWORD.';

/** The account's password. Throws Ended where there is none to be had. `moreToCome`: another question follows. */
export function passwordOf({ settings, ask }: App, question: string, moreToCome = false): Promise<string> {
  const { passwordFile: file, password: given } = settings;
  return readPassword(question, { file, given, ask, moreToCome, otherwise: BY_FILE_OR_VARIABLE });
}

/** The password that a new account is to get. Throws Ended likewise, and Refusal `weak_password`. */
export function firstPasswordOf({ settings, ask }: App, address: string): Promise<string> {
  const { passwordFile: file, password: given } = settings;
  const source = { file, given, ask, otherwise: BY_FILE_OR_VARIABLE };
  return chooseNewPassword(`A password for ${address}: `, source, (password) => checkPassword(password, address));
}

/** The password that replaces another. Throws likewise. `file`: absolute path, of --new-password-file. `said`: what the question begins with. */
export function newPasswordOf({ settings, ask }: App, address: string, file?: string, said = ''): Promise<string> {
  const otherwise = 'Give --new-password-file F or set PARLEY_NEW_PASSWORD.';
  const source = { file, given: settings.newPassword, ask, otherwise };
  return chooseNewPassword(`${said}New password for ${address}: `, source, (password) =>
    checkPassword(password, address),
  );
}

/**
 * What cannot be undone is done only where it is meant: who is at a terminal is asked, all others are told of --yes. Throws Ended where it is not.
 * `warning`: a sentence. `moreToCome`: another question follows.
 */
export async function mustBeMeant({ askOpenly }: App, warning: string, moreToCome = false): Promise<void> {
  const answer = await askOpenly(`${visible(warning)}\nType yes if it is meant: `, moreToCome);
  if (answer === undefined) throw usageError(`${warning} Add --yes if it is meant.`);
  if (answer.trim().toLowerCase() !== 'yes') throw new Ended(EXIT.refused, 'Nothing was done.');
}

/** What a command does with the client; `password` is the one that holds. */
type Work<T> = (client: Client, password: string) => Promise<T>;

/**
 * Opens this profile, lets `work` use it, and closes it whatever happens. Where another device has changed the password, the new one is asked for
 * first, unless this device is out of its account. Servers that were given are remembered once there was a session with one. Throws Interrupted when the
 * command is to end, Ended where the device is out of its account (out-of-account.ts). `asksMore`: the work has questions of its own. `leaves`: it
 * erases this device anyhow.
 */
export async function withClient<T>(app: App, work: Work<T>, { asksMore = false, leaves = false } = {}): Promise<T> {
  const { servers } = app.settings;
  const { client, given } = await unlocked(app, asksMore);
  const remembered = servers.length === 0 ? async () => {} : rememberServers(app, client);
  try {
    const out = client.passwordChanged && (await client.gone()) !== undefined;
    if (out && !leaves) throw await outOfAccount(app, client, new Ended(EXIT.refused));
    const password = client.passwordChanged && !out ? await adopted(app, client) : given;
    const act = () => untilEnding(app, () => work(client, password));
    return leaves ? await act() : await unlessOut(app, client, act);
  } finally {
    await remembered();
    await client.close();
  }
}

/** The profile, under a password that may be mistyped twice. Throws ProfileError, and Ended where there is no password to be had. */
async function unlocked(app: App, asksMore: boolean): Promise<{ readonly client: Client; readonly given: string }> {
  const { servers, profile, password, passwordFile } = app.settings;
  const typed = password === undefined && passwordFile === undefined;
  for (let tries = 1; ; tries++) {
    // Whose it is stands inside.
    const given = await passwordOf(app, `Password for the profile ${visible(profile)}: `, asksMore);
    try {
      return { client: await Client.open(app.platform, given, servers), given };
    } catch (error) {
      const wrong = error instanceof ProfileError && error.problem === 'wrong_password';
      if (!wrong || !typed || tries === UNLOCK_TRIES) throw error;
      app.output.note(error.message);
    }
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
  const source = { given: settings.newPassword, ask, otherwise: 'Set PARLEY_NEW_PASSWORD.' };
  const password = await readPassword(`New password of ${client.account.address}: `, source);
  await client.adoptPassword(password);
  return password;
}
