// The chat: the one command that a person sits in front of. What it does stands in chat/, and is loaded for it alone.

import type { Command } from 'commander';
import { WAYS } from '../images/way.ts';
import { type Define, example } from './define.ts';

const IMAGES = `
Images are shown as the terminal says that it can. Where that is too little, or wrong, set PARLEY_IMAGES:
${WAYS.join(', ')}.
`;

export const chatCommand: Define = (program, run) =>
  program
    .command('chat')
    .description('talk: conversations, as they come; asks for server and account where there is no profile yet')
    .option(
      '--plain',
      'lines in, lines out, no control of the cursor: for screen readers (and pipes, where it is so by itself)',
    )
    .addHelpText('after', IMAGES + example('chat'))
    .action((options: { plain?: boolean }, command: Command) =>
      run(command, async (app) => {
        const { runChat } = await import('../chat/run.ts');
        await runChat(app, options.plain !== true && app.settings.cursor);
      }),
    );
