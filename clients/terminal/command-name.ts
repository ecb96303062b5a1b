// Names of commands are the same in upper and lower case (a phone's keyboard writes `Send`); what follows them is left as it is.
import type { Command } from 'commander';

const HELP = 'help';

/**
 * The arguments of the program, with the name of the command as it is defined, and that of the one below it where there are such; after `help`, also
 * the one that is asked about.
 */
export function foldCommandName(program: Command, argv: readonly string[]): string[] {
  const folded = [...argv];
  let within = program;
  for (let at = 0; at < folded.length; at++) {
    const argument = folded[at] ?? '';
    if (argument.startsWith('-')) {
      // The value of an option of the program may stand in an argument of its own.
      if (program.options.some(({ long, required }) => required && long === argument)) at++;
      continue;
    }
    const name = argument.toLowerCase();
    const command = within.commands.find((one) => one.name() === name);
    if (name !== HELP && command === undefined) break;
    folded[at] = name;
    if (command === undefined) continue;
    if (command.commands.length === 0) break;
    within = command;
  }
  return folded;
}
