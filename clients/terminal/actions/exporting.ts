// A conversation as a document of its own: JSON lines for programs, Markdown for people. What people wrote must stay text there.
import type { Client, HistoryEntry } from '../../sdk/index.ts';
import { jsonLine, visible, visibleLines } from '../escape.ts';
import { sizeText } from '../files/size-text.ts';
import { historyLine, rfc3339, said } from '../lines.ts';
import { isGroup } from '../names.ts';
import { stateText } from '../states.ts';
import { ALL_LINES, entries } from './reading.ts';

export const FORMATS = ['jsonl', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

type Exporter = {
  readonly account: Pick<Client['account'], 'address'>;
  readonly history: Pick<Client['history'], 'before' | 'after' | 'late'>;
};
/** The lines of one message, or of what stands ahead of all. */
export type Piece = { readonly lines: readonly string[]; readonly messages: 0 | 1 };

/**
 * All of a conversation, oldest first, as lines without line ends. Nothing at all where there is no message. JSON lines have the fields that
 * `history --json` has.
 */
export async function* exported(client: Exporter, conversation: string, format: Format): AsyncGenerator<Piece> {
  const own = client.account.address;
  let isFirst = true;
  for await (const entry of entries(client, conversation, ALL_LINES)) {
    if (isFirst && format === 'markdown')
      yield { lines: [`# Conversation ${isGroup(conversation) ? 'in' : 'with'} ${code(conversation)}`], messages: 0 };
    isFirst = false;
    yield {
      lines: format === 'jsonl' ? [jsonLine(historyLine(entry, own).record)] : markdown(entry),
      messages: 1,
    };
  }
}

/**
 * Texts are indented code, each line of them: there no renderer looks for links, HTML, headings or images, and addresses become no links by
 * themselves, as they do behind escaped punctuation in some. Nor is a character of the text changed but those that `visible` shows as signs.
 */
function markdown(entry: HistoryEntry): string[] {
  const { from, sentAt, receivedAt, late } = entry;
  const state = stateText(entry);
  const came = late === true ? `, came ${rfc3339(receivedAt)}` : '';
  const begin = `${code(from)}, ${rfc3339(sentAt)}${came}${state === undefined ? '' : `, ${state}`}`;
  const what = said(entry.content);
  if ('reason' in what) return ['', `${begin}: ${visible(what.reason)}`];
  // Not among what people write: nobody's text can look like it.
  if (what.file !== undefined) return ['', `${begin}: file ${code(what.file.name)}, ${sizeText(what.file.size)}`];
  return ['', `${begin}:`, '', ...`${INDENT}${visibleLines(what.text)}`.split('\n')];
}

/** What makes a line code in Markdown; `visibleLines` begins each further line with as much. */
const INDENT = '    ';

/** Addresses have none of these signs; then they could not end the code either. */
function code(address: string): string {
  return `\`${visible(address).replaceAll('`', "'")}\``;
}
