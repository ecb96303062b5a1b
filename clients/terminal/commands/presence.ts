// The command about own visibility; what it does stands in actions/presence.ts.
import type { Command } from 'commander';
import { presence } from '../actions/presence.ts';
import { withClient } from '../app.ts';
import { type Define, example } from './define.ts';

export const presenceCommand: Define = (program, run) =>
  program
    .command('presence')
    .description('say whether others see when you are online, or write; or switch it, for this device')
    .argument('[on|off]', 'to switch it')
    .addHelpText('after', example('presence off'))
    .action((typed: string | undefined, _options: object, command: Command) =>
      run(command, (app) => withClient(app, (client) => presence({ ...app, client }, typed ?? ''))),
    );
