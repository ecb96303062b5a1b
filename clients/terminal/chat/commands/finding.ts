// Commands of a chat that find messages again, and take a conversation out of the profile.
import { exportToFile } from '../../actions/export-file.ts';
import { showFound } from '../../actions/finding.ts';
import { Ended, EXIT, usageError } from '../../exit.ts';
import type { ChatCommand } from '../commands.ts';
import { firstWord } from '../typed.ts';
import { atHome } from '../typed-path.ts';

const FOUND_LINES = 20;
const MARKDOWN = /\.(?:md|markdown)$/i;

const search: ChatCommand = {
  name: 'search',
  usage: 'TEXT…',
  brief: 'finds what was said',
  says: 'Shows messages that have a text in them. Of all conversations, in upper or lower case.',
  example: 'at eight',
  async run({ client, output }, rest) {
    if (rest === '') throw usageError('');
    const more = `These are the last ${FOUND_LINES}: more of the text finds fewer.`;
    await showFound(output, client, { text: rest, conversation: undefined, limit: FOUND_LINES, more });
  },
};

const exporting: ChatCommand = {
  name: 'export',
  usage: 'FILE',
  brief: 'writes it to a file',
  says: 'Writes the open conversation to a new file. Markdown if its name ends with .md, else JSON lines.',
  example: 'bo.md',
  async run(chat, rest) {
    if (firstWord(rest).word === '') throw usageError('');
    const { open } = chat.talk;
    if (open === undefined) throw new Ended(EXIT.refused, 'No conversation is open: /open USER first.');
    const format = MARKDOWN.test(rest) ? 'markdown' : 'jsonl';
    await exportToFile(chat, chat.client, { conversation: open, format, file: chat.path(atHome(rest)) });
  },
};

export const finding: readonly ChatCommand[] = [search, exporting];
