// The commands about one person; what they do stands in actions/people.ts.
import type { Command } from 'commander';
import { type Acting, acting } from '../acting.ts';
import { block, safety, somebodyElse, trust, verify } from '../actions/people.ts';
import { type App, withClient } from '../app.ts';
import { person } from '../arguments.ts';
import { type Define, example } from './define.ts';

/** What a command does about one person. */
type About = (acting: Acting, address: string) => Promise<void>;

export const safetyCommand: Define = (program, run) =>
  about(program, 'safety', 'show the safety number that both of you must see alike', (user) =>
    run(user.command, on(user.typed, safety)),
  );

export const verifyCommand: Define = (program, run) =>
  about(program, 'verify', 'remember that you have compared the safety number', (user) => {
    const verified = user.command.opts().undo !== true; // the option below
    return run(
      user.command,
      on(user.typed, (acting, address) => verify(acting, address, verified)),
    );
  }).option('--undo', 'forget it again');

export const trustCommand: Define = (program, run) =>
  about(program, 'trust', 'accept the changed identity of a person', (user) => {
    const [, ...number] = user.command.args;
    return run(
      user.command,
      on(user.typed, (acting, address) => trust(acting, address, number.join(' '))),
    );
  }).argument('[NUMBER...]', 'the safety number that you have compared; without it you are asked');

export const blockCommand: Define = (program, run) =>
  about(
    program,
    'block',
    'show nothing more of a person on this device: your others still do, and the person may notice that nothing is delivered',
    (user) =>
      run(
        user.command,
        on(user.typed, (acting, address) => block(acting, address, true)),
      ),
  );

export const unblockCommand: Define = (program, run) =>
  about(program, 'unblock', 'show what a person sends from now on', (user) =>
    run(
      user.command,
      on(user.typed, (acting, address) => block(acting, address, false)),
    ),
  );

function about(
  program: Command,
  name: string,
  description: string,
  act: (user: { typed: string; command: Command }) => Promise<void>,
): Command {
  return (
    program
      .command(name)
      .description(description)
      .argument('<USER>', 'a name of your own domain, or name@domain', person)
      .addHelpText('after', example(`${name} bo`))
      // Behind the arguments come the options and the command.
      .action((typed: string, ...rest: unknown[]) => act({ typed, command: rest.at(-1) as Command }))
  );
}

function on(typed: string, act: About): (app: App) => Promise<void> {
  return (app) =>
    withClient(app, async (client) => {
      const acts = acting(app, client);
      await act(acts, somebodyElse(acts, typed));
    });
}
