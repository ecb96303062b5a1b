// Who is who: safety numbers, the marks that a person sets, a changed identity, and who is not to be heard.
import type { Command } from 'commander';
import { type Client, Refusal, type Safety, Unavailable } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { person } from '../arguments.ts';
import { commandLine, type Settings } from '../config.ts';
import { Ended, EXIT } from '../exit.ts';
import type { Output } from '../output.ts';
import { withSession } from '../session.ts';
import { type Define, example } from './define.ts';

/** A command about one person, in a session where it needs one. */
type About = (app: App, client: Client, address: string) => Promise<void>;

export const safetyCommand: Define = (program, run) =>
  about(program, 'safety', 'show the safety number that both of you must see alike', (user) =>
    run(user.command, acting(user.typed, safety, tellIfDeleted)),
  );

export const verifyCommand: Define = (program, run) =>
  about(program, 'verify', 'remember that you have compared the safety number', (user) => {
    const verified = user.command.opts().undo !== true; // the option below
    return run(
      user.command,
      acting(user.typed, (app, client, address) => verify(app, client, address, verified)),
    );
  }).option('--undo', 'forget it again');

export const trustCommand: Define = (program, run) =>
  about(program, 'trust', 'accept the changed identity of a person', (user) =>
    run(user.command, acting(user.typed, trust)),
  );

export const blockCommand: Define = (program, run) =>
  about(
    program,
    'block',
    'show nothing more of a person on this device: your others still do, and the person may notice that nothing is delivered',
    (user) =>
      run(
        user.command,
        acting(user.typed, (app, client, address) => block(app, client, address, true)),
      ),
  );

export const unblockCommand: Define = (program, run) =>
  about(program, 'unblock', 'show what a person sends from now on', (user) =>
    run(
      user.command,
      acting(user.typed, (app, client, address) => block(app, client, address, false)),
    ),
  );

function about(
  program: Command,
  name: string,
  description: string,
  act: (user: { typed: string; command: Command }) => Promise<void>,
): Command {
  return program
    .command(name)
    .description(description)
    .argument('<USER>', 'a name of your own domain, or name@domain', person)
    .addHelpText('after', example(`${name} bo`))
    .action((typed: string, _options: object, command: Command) => act({ typed, command }));
}

/** `then`: what follows where `act` was done, with or without a session. */
function acting(typed: string, act: About, then: About = async () => {}): (app: App) => Promise<void> {
  return (app) =>
    withClient(app, async (client) => {
      const address = client.resolve(typed);
      if (address === client.account.address) {
        throw new Ended(EXIT.refused, `${address} is you: give the name of somebody else.`);
      }
      await withSession(client, false, () => act(app, client, address));
      await then(app, client, address);
    });
}

async function safety({ output, settings }: App, client: Client, address: string): Promise<void> {
  const { number, verified, changed } = await client.safetyNumber(address);
  output.show({ type: 'safety', address, number, verified, ...(changed === undefined ? {} : { changed }) }, number);
  output.say(
    verified
      ? `You have verified ${address}.`
      : `Compare it with ${address}, by voice or in person; then: ${commandLine(settings, `verify ${address}`)}`,
  );
  if (changed !== undefined) {
    output.say(
      `The identity of ${address} has changed: it may be another person. With the new one, the number is`,
      'bold',
    );
    output.say(changed);
    output.say(`If it agrees: ${commandLine(settings, `trust ${address}`)}`, 'bold');
  }
}

/** The number stays what it was, and says nothing of this. */
async function tellIfDeleted({ output }: App, client: Client, address: string): Promise<void> {
  try {
    if (await withSession(client, false, () => client.exists(address))) return;
    output.note(`The server says that there is no account ${address} any more: it was deleted.`);
  } catch (error) {
    // Without a server the number is all that there is to say.
    if (!(error instanceof Unavailable)) throw error;
  }
}

async function verify({ output }: App, client: Client, address: string, verified: boolean): Promise<void> {
  const { number }: Safety = await client.safetyNumber(address);
  await client.verify(address, verified);
  const text = verified
    ? `${address} is verified, with the number`
    : `${address} is not verified any more. The number is`;
  output.show({ type: 'verified', address, number, verified }, text);
  output.say(number);
}

/** Accepts what is shown here, and no later one. Throws Refusal `nothing_to_trust` where nothing has changed yet. */
export async function trust(
  { output, settings }: { readonly output: Output; readonly settings: Pick<Settings, 'profileOption'> },
  client: Pick<Client, 'safetyNumber' | 'trust'>,
  address: string,
): Promise<void> {
  const { changed } = await client.safetyNumber(address);
  if (changed === undefined) throw new Refusal('nothing_to_trust', `The identity of ${address} has not changed.`);
  await client.trust(address, changed);
  output.show(
    { type: 'trusted', address, number: changed },
    `The changed identity of ${address} is accepted, with the number`,
  );
  output.say(changed);
  output.say(`Compare it with ${address}, by voice or in person; then: ${commandLine(settings, `verify ${address}`)}`);
}

async function block({ output }: App, client: Client, address: string, blocked: boolean): Promise<void> {
  await client.block(address, blocked);
  output.show(
    { type: 'blocked', address, blocked },
    blocked ? `${address} is blocked on this device.` : `${address} is not blocked any more.`,
  );
}
