// The commands that find messages again, and that take a conversation out of the profile.
import { type Command, Option } from 'commander';
import { exportable, exportToFile, NOT_ENCRYPTED } from '../actions/export-file.ts';
import { FORMATS, type Format } from '../actions/exporting.ts';
import { showFound } from '../actions/finding.ts';
import { type App, withClient } from '../app.ts';
import { conversation as conversationArgument, countFrom1 } from '../arguments.ts';
import { usageError } from '../exit.ts';
import { conversationOf } from '../names.ts';
import { type Define, example, WITH_WHOM } from './define.ts';

const FOUND_LINES = 50;

type SearchOptions = { readonly in?: string; readonly limit?: number };
type ExportOptions = { readonly format?: Format; readonly to?: string };

export const searchCommand: Define = (program, run) =>
  program
    .command('search')
    .description('show messages that have a text in them, in upper or lower case; they do not count as read by it')
    .argument('<TEXT...>', 'the text, or a part of it (-- before one that begins with a hyphen)')
    .option(
      '--in <CONVERSATION>',
      "only with this person, name or name@domain, or in this group ('#team')",
      conversationArgument,
    )
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
    .argument('<CONVERSATION>', WITH_WHOM, conversationArgument)
    .addOption(new Option('--format <FORMAT>', 'JSON lines, or Markdown (default: jsonl)').choices(FORMATS))
    .option('--to <FILE>', 'a file that does not exist yet; only you may read it')
    .addHelpText('after', example('export bo --format markdown --to bo.md'))
    .action((conversation: string, options: ExportOptions, command: Command) =>
      run(command, (app) => exportConversation(app, conversation, options)),
    );

async function search(app: App, text: string, { in: typed, limit = FOUND_LINES }: SearchOptions): Promise<void> {
  if (text.trim() === '') throw usageError('There is nothing to search for: the text is empty.');
  await withClient(app, (client) => {
    const conversation = typed === undefined ? undefined : conversationOf(client, typed);
    const more = 'There are earlier ones, too: give a higher --limit.';
    return showFound(app.output, client, { text, conversation, limit, more });
  });
}

async function exportConversation(app: App, typed: string, { format = 'jsonl', to }: ExportOptions): Promise<void> {
  const { output } = app;
  if (output.json && format === 'markdown' && to === undefined) {
    throw usageError('Markdown is not JSON lines: give --to FILE, or leave out --json.');
  }
  await withClient(app, async (client) => {
    const conversation = conversationOf(client, typed);
    if (to !== undefined) return exportToFile(app, client, { conversation, format, file: app.path(to) });
    const pieces = await exportable(app, client, conversation, format);
    for await (const { lines } of pieces) for (const line of lines) output.line(line);
    output.note(`This output ${NOT_ENCRYPTED}`);
  });
}
