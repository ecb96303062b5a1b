// The command about read receipts; what it does stands in actions/receipts.ts.
import type { Command } from 'commander';
import { receipts } from '../actions/receipts.ts';
import { withClient } from '../app.ts';
import { type Define, example } from './define.ts';

export const receiptsCommand: Define = (program, run) =>
  program
    .command('receipts')
    .description(
      'say whether others are told what you have read on this device, and you what they have read; or switch it',
    )
    .argument('[on|off]', 'to switch it')
    .addHelpText('after', example('receipts off'))
    .action((typed: string | undefined, _options: object, command: Command) =>
      run(command, (app) => withClient(app, (client) => receipts({ ...app, client }, typed ?? ''))),
    );
