// The commands that find messages again, and that take a conversation out of the profile.
import { type Command, Option } from 'commander';
import type { Client } from '../../sdk/index.ts';
import { exported, FORMATS, type Format, type Piece } from '../actions/exporting.ts';
import { showFound } from '../actions/finding.ts';
import { writeNewFile } from '../actions/new-file.ts';
import { type App, withClient } from '../app.ts';
import { countFrom1, person } from '../arguments.ts';
import { Ended, EXIT, interrupted, signalOf, usageError } from '../exit.ts';
import { type Define, example } from './define.ts';

const FOUND_LINES = 50;
const NOT_ENCRYPTED = 'is not encrypted: whoever can read it reads these messages. Keep it as you keep a letter.';
/** So many lines, or a message more, are written at a time. */
const CHUNK_LINES = 256;

type SearchOptions = { readonly in?: string; readonly limit?: number };
type ExportOptions = { readonly format?: Format; readonly to?: string };

export const searchCommand: Define = (program, run) =>
  program
    .command('search')
    .description('show messages that have a text in them, in upper or lower case; they do not count as read by it')
    .argument('<TEXT...>', 'the text, or a part of it (-- before one that begins with a hyphen)')
    .option('--in <CONVERSATION>', 'only with this person, name or name@domain', person)
    .option('--limit <N>', `the last so many of them (default: ${FOUND_LINES})`, countFrom1)
    .addHelpText('after', example('search "at eight" --in bo'))
    .action((words: string[], options: SearchOptions, command: Command) =>
      run(command, (app) => search(app, words.join(' '), options)),
    );

export const exportCommand: Define = (program, run) =>
  program
    .command('export')
    .description(
      'write a conversation, as this device has it, to standard output or to a new file; it is not encrypted',
    )
    .argument('<CONVERSATION>', 'the name or name@domain of whom it is with', person)
    .addOption(new Option('--format <FORMAT>', 'JSON lines, or Markdown (default: jsonl)').choices(FORMATS))
    .option('--to <FILE>', 'a file that does not exist yet; only you may read it')
    .addHelpText('after', example('export bo --format markdown --to bo.md'))
    .action((conversation: string, options: ExportOptions, command: Command) =>
      run(command, (app) => exportConversation(app, conversation, options)),
    );

async function search(app: App, text: string, { in: typed, limit = FOUND_LINES }: SearchOptions): Promise<void> {
  if (text.trim() === '') throw usageError('There is nothing to search for: the text is empty.');
  await withClient(app, (client) => {
    const conversation = typed === undefined ? undefined : client.resolve(typed);
    return showFound(app.output, client, { text, conversation, limit });
  });
}

async function exportConversation(app: App, typed: string, { format = 'jsonl', to }: ExportOptions): Promise<void> {
  const { output } = app;
  if (output.json && format === 'markdown' && to === undefined) {
    throw usageError('Markdown is not JSON lines: give --to FILE, or leave out --json.');
  }
  await withClient(app, async (client) => {
    const conversation = client.resolve(typed);
    const pieces = await begun(app, client, conversation, format);
    if (to === undefined) {
      for await (const { lines } of pieces) for (const line of lines) output.line(line);
      output.note(`This output ${NOT_ENCRYPTED}`);
      return;
    }
    const file = app.path(to);
    let messages = 0;
    await writeNewFile(
      file,
      chunks(pieces, (count) => (messages += count)),
    );
    output.show(
      { type: 'exported', conversation, format, file, messages, encrypted: false },
      `${messages} ${messages === 1 ? 'message' : 'messages'} with ${conversation}: ${file}`,
    );
    output.note(`The file ${NOT_ENCRYPTED}`);
  });
}

/** What is exported, unless there is nothing: then no file is made. Ends when the command is to end. */
async function begun(app: App, client: Client, conversation: string, format: Format): Promise<AsyncGenerator<Piece>> {
  const [last] = await client.history.before(conversation, 1);
  if (last === undefined) throw new Ended(EXIT.refused, `There is no message with ${conversation} on this device.`);
  return untilEnd();

  async function* untilEnd() {
    for await (const piece of exported(client, conversation, format)) {
      if (app.ending.aborted) throw interrupted(signalOf(app.ending));
      yield piece;
    }
  }
}

/** Many lines at a time, as what is to be written of them; `count` hears how many. */
async function* chunks(pieces: AsyncIterable<Piece>, count: (messages: number) => void): AsyncGenerator<string> {
  let waiting: string[] = [];
  for await (const { lines, messages } of pieces) {
    waiting.push(...lines);
    count(messages);
    if (waiting.length < CHUNK_LINES) continue;
    yield `${waiting.join('\n')}\n`;
    waiting = [];
  }
  if (waiting.length > 0) yield `${waiting.join('\n')}\n`;
}
