import { Command } from 'commander';
import { expect, it } from 'vitest';
import { foldCommandName } from './command-name.ts';

const program = new Command().option('--profile <DIR>').option('--json');
program.command('send');
program.command('listen');
program.command('group').command('create');

it.each([
  [
    ['SEND', 'Bo', 'Listen'],
    ['send', 'Bo', 'Listen'],
  ],
  [
    ['--json', '--profile', 'Send', 'Listen', '--X'],
    ['--json', '--profile', 'Send', 'listen', '--X'],
  ],
  [
    ['--profile=Send', 'Send'],
    ['--profile=Send', 'send'],
  ],
  [
    ['Help', 'Send'],
    ['help', 'send'],
  ],
  [
    ['Sned', 'SEND'],
    ['Sned', 'SEND'],
  ],
  [
    ['Group', '--json', 'Create', 'Send'],
    ['group', '--json', 'create', 'Send'],
  ],
  [
    ['help', 'GROUP', 'CREATE'],
    ['help', 'group', 'create'],
  ],
  [[], []],
])('a command is found in whichever case it is written: %j', (given, folded) => {
  expect(foldCommandName(program, given)).toEqual(folded);
});
