// Names of commands are the same in upper and lower case (a phone's keyboard writes `Send`); what follows them is left as it is.
import type { Command } from 'commander';

const HELP = 'help';

/** The arguments of the program, with the name of the command as it is defined; after `help`, also the one that is asked about. */
export function foldCommandName(program: Command, argv: readonly string[]): string[] {
  const folded = [...argv];
  for (let at = 0; at < folded.length; at++) {
    const argument = folded[at] ?? '';
    if (argument.startsWith('-')) {
      // The value of an option of the program may stand in an argument of its own.
      if (program.options.some(({ long, required }) => required && long === argument)) at++;
      continue;
    }
    const name = argument.toLowerCase();
    if (name !== HELP && !program.commands.some((command) => command.name() === name)) break;
    folded[at] = name;
    if (name !== HELP) break;
  }
  return folded;
}
