// The chat: the one command that a person sits in front of. Here is what it is typed and shown on; what it does stands in chat/.

import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { type Client, ProfileError } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { Chat } from '../chat/chat.ts';
import { firstRun } from '../chat/first-run.ts';
import type { Front } from '../chat/front.ts';
import { lendingAsk } from '../chat/lending.ts';
import { PlainFront } from '../chat/plain-front.ts';
import { TerminalFront } from '../chat/terminal-front.ts';
import { Graphics } from '../images/graphics.ts';
import { unlessOut } from '../out-of-account.ts';
import { Output, toStdout } from '../output.ts';
import { type Define, example } from './define.ts';

const STDIN = 0;
/** By then a stopped job is stopped; its timers go on when it does. */
const STOPPED_AFTER_MS = 100;

export const chatCommand: Define = (program, run) =>
  program
    .command('chat')
    .description('talk: conversations, as they come; asks for server and account where there is no profile yet')
    .option(
      '--plain',
      'lines in, lines out, no control of the cursor: for screen readers (and pipes, where it is so by itself)',
    )
    .addHelpText('after', example('chat'))
    .action((options: { plain?: boolean }, command: Command) =>
      run(command, (app) => chat(app, options.plain !== true && app.settings.cursor)),
    );

async function chat(app: App, cursor: boolean): Promise<void> {
  const talk = (client: Client) => new Chat(...seated(app, client, cursor)).run();
  // It ends by itself, after it has said what is left to say.
  const patient = { ...app, ending: new AbortController().signal };
  if (await hasProfile(app)) return withClient(patient, talk);
  const client = await firstRun(app);
  try {
    await unlessOut(app, client, () => talk(client));
  } finally {
    await client.close();
  }
}

async function hasProfile(app: App): Promise<boolean> {
  try {
    const removeEmpty = await app.prepareProfile();
    removeEmpty();
    return false;
  } catch (error) {
    if (error instanceof ProfileError && error.problem === 'exists') return true;
    throw error;
  }
}

/** What a chat is made of: the app, printing and asking on the front. */
function seated(app: App, client: Client, cursor: boolean): [App, Client, Front] {
  const front = cursor ? terminalFront(app) : plainFront();
  const print = (text: string) => front.print(text);
  const output = new Output({ json: false, colour: app.settings.colour, stdout: print, stderr: print });
  return [{ ...app, ...lendingAsk(app, front), output, typed: (command) => `/${command}` }, client, front];
}

function terminalFront({ settings }: App): Front {
  return new TerminalFront({
    keyboard: process.stdin,
    screen: process.stdout,
    write: toStdout,
    graphics: new Graphics(settings.images),
    stopJob: async () => {
      // Under npm the programs that started this one have to stop, too: the shell waits for them.
      process.kill(0, 'SIGTSTP');
      await new Promise((resolve) => setTimeout(resolve, STOPPED_AFTER_MS));
    },
  });
}

function plainFront(): Front {
  return new PlainFront({ input: process.stdin, write: toStdout, lendsInput: isatty(STDIN) });
}
