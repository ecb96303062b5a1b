// What a chat runs on: the front that its person sits at, and an account, which is made first where there is none.

import { isatty } from 'node:tty';
import { type Client, ProfileError } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { Graphics } from '../images/graphics.ts';
import { unlessOut } from '../out-of-account.ts';
import { Output, toStdout } from '../output.ts';
import { Chat } from './chat.ts';
import { firstRun } from './first-run.ts';
import type { Front } from './front.ts';
import { lendingAsk } from './lending.ts';
import { PlainFront } from './plain-front.ts';
import { TerminalFront } from './terminal-front.ts';

const STDIN = 0;
/** By then a stopped job is stopped; its timers go on when it does. */
const STOPPED_AFTER_MS = 100;

/** `cursor`: whether it may be moved; else lines come and go. */
export async function runChat(app: App, cursor: boolean): Promise<void> {
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
