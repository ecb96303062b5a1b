// Who is who: safety numbers, the marks that a person sets, a changed identity, and who is not to be heard.
import type { Command } from 'commander';
import type { Client, Safety } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { person } from '../arguments.ts';
import { Ended, EXIT } from '../exit.ts';
import { withSession } from '../session.ts';
import { type Define, example } from './define.ts';

/** A command about one person, in a session where it needs one. */
type About = (app: App, client: Client, address: string) => Promise<void>;

export const safetyCommand: Define = (program, run) =>
  about(program, 'safety', 'show the safety number that both of you must see alike', (user) =>
    run(user.command, acting(user.typed, safety)),
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
  about(program, 'block', 'show nothing more of a person, who is not told', (user) =>
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

function acting(typed: string, act: About): (app: App) => Promise<void> {
  return (app) =>
    withClient(app, (client) => {
      const address = client.resolve(typed);
      if (address === client.account.address) {
        throw new Ended(EXIT.refused, `${address} is you: give the name of somebody else.`);
      }
      return withSession(client, false, () => act(app, client, address));
    });
}

async function safety({ output }: App, client: Client, address: string): Promise<void> {
  const { number, verified, changed } = await client.safetyNumber(address);
  output.show({ type: 'safety', address, number, verified, ...(changed === undefined ? {} : { changed }) }, number);
  output.say(
    verified
      ? `You have verified ${address}.`
      : `Compare it with ${address}, by voice or in person; then: verify ${address}`,
  );
  if (changed !== undefined) {
    output.say(
      `The identity of ${address} has changed: it may be another person. With the new one, the number is`,
      'bold',
    );
    output.say(changed);
    output.say(`If it agrees: trust ${address}`, 'bold');
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

async function trust({ output }: App, client: Client, address: string): Promise<void> {
  const { changed } = await client.safetyNumber(address);
  await client.trust(address, changed); // what is shown here, and no later one
  const number = changed === undefined ? {} : { number: changed };
  output.show(
    { type: 'trusted', address, ...number },
    `The changed identity of ${address} is accepted, with the number`,
  );
  if (changed !== undefined) output.say(changed);
  output.say(`Compare it with ${address}, by voice or in person; then: verify ${address}`);
}

async function block({ output }: App, client: Client, address: string, blocked: boolean): Promise<void> {
  await client.block(address, blocked);
  output.show(
    { type: 'blocked', address, blocked },
    blocked ? `${address} is blocked.` : `${address} is not blocked any more.`,
  );
}
