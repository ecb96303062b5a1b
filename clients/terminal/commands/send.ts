// Sending texts, from the arguments or line by line from standard input, or a file: it ends well only when the server has accepted all of it, and
// says exactly how far it came where it ends otherwise. What is in the outbox is never lost: it goes first next time.
import type { Command } from 'commander';
import { textContent } from '../../sdk/index.ts';
import { openFileSource } from '../../sdk/node/file-source.ts';
import { type App, withClient } from '../app.ts';
import { conversations, durationMs, secondsOption } from '../arguments.ts';
import { usageError } from '../exit.ts';
import { illustrated } from '../files/illustrated.ts';
import { conversationOf } from '../names.ts';
import { Sending } from '../sending.ts';
import { type Batch, lineBatches, wholeText } from '../stdin-lines.ts';
import { type Define, example } from './define.ts';

const TIMEOUT_MS = 60_000;
const STDIN = '-';

type SendOptions = {
  readonly whole?: boolean;
  readonly file?: string;
  readonly expires?: number;
  readonly timeout: number;
};

export const sendCommand: Define = (program, run) =>
  program
    .command('send')
    .description('send a text or a file to people and groups: one message to each')
    .argument(
      '<USER[,#GROUP…]>',
      "names of your own domain, or name@domain, of people, and with # of groups, as in 'bo,#team' (a shell wants quotes for it)",
      conversations,
    )
    .argument(
      '[TEXT...]',
      `the text, unless there is a file; ${STDIN} sends each line of standard input but empty ones (-- before a text that begins with a hyphen)`,
    )
    .option('--whole', 'all of standard input is one message, without its last line end')
    .option('--file <F>', 'a file in place of a text; one that was cut off goes on where it was by the same command')
    .option('--expires <DURATION>', 'delete it everywhere after this time, as in 1h', durationMs)
    .addOption(
      secondsOption('--timeout <S>', 'seconds without progress after which to stop trying (status 4)', TIMEOUT_MS),
    )
    .addHelpText('after', example('send bo "See you at eight"'))
    .addHelpText('after', example("send '#team,#ops' 'The server is up again'"))
    .addHelpText('after', example("send '#team' --file holiday.jpg"))
    .action((names: string[], words: string[], options: SendOptions, command: Command) =>
      run(command, (app) => send(app, names, words, options)),
    );

async function send(app: App, names: readonly string[], words: readonly string[], options: SendOptions): Promise<void> {
  if (options.file !== undefined) return sendFile(app, names, words, { ...options, file: options.file });
  if (words.length === 0) throw usageError('There is nothing to send: give a text, or --file F.');
  const text = words.join(' ');
  if (options.whole && text !== STDIN) throw usageError(`--whole is for standard input: give ${STDIN} as the text.`);
  const batches = await batchesOf(text, options.whole === true);
  await sending(app, names, options, (act) => act.run(batches));
}

async function sendFile(
  app: App,
  names: readonly string[],
  words: readonly string[],
  options: SendOptions & { readonly file: string },
): Promise<void> {
  if (words.length > 0) throw usageError('--file is a message of its own: send the text by another command.');
  if (options.whole) throw usageError('--whole is for standard input: leave it out with --file.');
  if (options.file === STDIN) throw usageError('--file takes a file with a name; standard input has none.');
  const source = await openFileSource(app.path(options.file));
  try {
    const what = await illustrated(source);
    await sending(app, names, options, (act) => act.runFile(what));
  } finally {
    await source.close();
  }
}

async function sending(
  app: App,
  names: readonly string[],
  { expires, timeout }: SendOptions,
  run: (act: Sending) => Promise<void>,
): Promise<void> {
  // A signal ends the sending by itself, after it has said how far it came.
  await withClient({ ...app, ending: new AbortController().signal }, async (client) => {
    const to = [...new Set(names.map((name) => conversationOf(client, name)))];
    const sendOptions = expires === undefined ? {} : { expiresInMs: expires };
    await run(new Sending(app, client, { to, timeoutMs: timeout, ...sendOptions }));
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
