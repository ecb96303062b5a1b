// How messages stand in a chat: shorter than in the output of a command, because the person is there while they come.
import type { HistoryEntry } from '../../sdk/index.ts';
import { came, localTime, said } from '../lines.ts';
import type { Style } from '../output.ts';
import { lineMark } from '../states.ts';

export type ChatLine = { readonly text: string; readonly style: Style };
export type Own = { readonly address: string; readonly domain: string };

const QUOTE_MAX_CHARS = 32;

/** The time of day, or the day too where it is not today. Both in ms since 1970. */
export function shortTime(at: number, now: number): string {
  const [day, time = ''] = localTime(at).split(' ');
  return localTime(now).startsWith(`${day} `) ? time : localTime(at);
}

/** A name of one's own domain stands alone, others with theirs: so none can look like another. */
export function shortName(address: string, domain: string): string {
  const [name = '', of] = address.split('@');
  return of === domain ? name : address;
}

/** A line of a conversation. `marked`: with what became of an own message. */
export function chatLine(entry: HistoryEntry, own: Own, now: number, marked: boolean): ChatLine {
  const mark = marked && entry.own ? `${lineMark(entry)} ` : '';
  const what = said(entry.content);
  // Ahead of the name: nothing that its sender writes can stand there.
  const begin = `${shortTime(entry.sentAt, now)}${came(entry)} ${mark}${shortName(entry.from, own.domain)}`;
  return 'text' in what
    ? { text: `${begin}${what.file === undefined ? ':' : ''} ${what.text}`, style: 'plain' }
    : { text: `${begin}: (${what.reason})`, style: 'dim' };
}

/** The beginning of a text, between quotation marks. */
export function quoted(text: string): string {
  return `“${beginning(text, QUOTE_MAX_CHARS)}”`;
}

/** So many characters of a text at most, as a person counts them, on one line. */
export function beginning(text: string, maxChars: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...new Intl.Segmenter().segment(line.slice(0, 4 * maxChars))].map(({ segment }) => segment);
  const cut = characters.length > maxChars || line.length > 4 * maxChars;
  return cut ? `${characters.slice(0, maxChars - 1).join('')}…` : line;
}
