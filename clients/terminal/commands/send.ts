// Sending texts, from the arguments or line by line from standard input: it ends well only when the server has accepted all of it, and
// says exactly how far it came where it ends otherwise. What is in the outbox is never lost: it goes first next time.
import type { Command } from 'commander';
import { textContent } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { conversations, durationMs, secondsOption } from '../arguments.ts';
import { usageError } from '../exit.ts';
import { conversationOf } from '../names.ts';
import { Sending } from '../sending.ts';
import { type Batch, lineBatches, wholeText } from '../stdin-lines.ts';
import { type Define, example } from './define.ts';

const TIMEOUT_MS = 60_000;
const STDIN = '-';

type SendOptions = { readonly whole?: boolean; readonly expires?: number; readonly timeout: number };

export const sendCommand: Define = (program, run) =>
  program
    .command('send')
    .description('send a text to people and groups: one message to each')
    .argument(
      '<USER[,#GROUP…]>',
      "names of your own domain, or name@domain, of people, and with # of groups, as in 'bo,#team' (a shell wants quotes for it)",
      conversations,
    )
    .argument(
      '<TEXT...>',
      `the text; ${STDIN} sends each line of standard input but empty ones (-- before a text that begins with a hyphen)`,
    )
    .option('--whole', 'all of standard input is one message, without its last line end')
    .option('--expires <DURATION>', 'delete it everywhere after this time, as in 1h', durationMs)
    .addOption(
      secondsOption('--timeout <S>', 'seconds without progress after which to stop trying (status 4)', TIMEOUT_MS),
    )
    .addHelpText('after', example('send bo "See you at eight"'))
    .addHelpText('after', example("send '#team,#ops' 'The server is up again'"))
    .action((names: string[], words: string[], options: SendOptions, command: Command) =>
      run(command, (app) => send(app, names, words, options)),
    );

async function send(app: App, names: readonly string[], words: readonly string[], options: SendOptions): Promise<void> {
  const text = words.join(' ');
  if (options.whole && text !== STDIN) throw usageError(`--whole is for standard input: give ${STDIN} as the text.`);
  const batches = await batchesOf(text, options.whole === true);
  const { expires, timeout } = options;
  // A signal ends the sending by itself, after it has said how far it came.
  await withClient({ ...app, ending: new AbortController().signal }, async (client) => {
    const to = [...new Set(names.map((name) => conversationOf(client, name)))];
    const sendOptions = expires === undefined ? {} : { expiresInMs: expires };
    await new Sending(app, client, { to, timeoutMs: timeout, ...sendOptions }).run(batches);
  });
}

/** What can be refused is refused before anything is done. */
async function batchesOf(text: string, whole: boolean): Promise<AsyncGenerator<Batch>> {
  if (text === STDIN && !whole) return lineBatches(process.stdin);
  const message = text === STDIN ? await wholeText(process.stdin) : text;
  textContent(message);
  return one(message);
}

async function* one(text: string): AsyncGenerator<Batch> {
  yield { texts: [text], through: 1 };
}
