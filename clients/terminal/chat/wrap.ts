// Lines that are wider than the terminal, broken between words and continued further in: a terminal alone breaks words, and begins in the
// first column, where a peer's text could look like a line of the client's own.
import { stripVTControlCharacters } from 'node:util';

const INDENT = '    ';
/** Below this there is no room to break anything. */
const WIDTH_MIN = 20;
/** Of these each takes one column, in every terminal. All else is counted as two: a line may end early, never late. */
const NARROW = /^[\u0020-\u007e\u00a1-\u02ff\u0370-\u03ff\u0400-\u04ff\u2010-\u2027\u2713]$/;
/** An address that is to be copied stays whole: without spaces it cannot look like a line. */
const WHOLE = /^[!-~]+$/;

/** Whole lines, each ended, broken at `columns`. */
export function wrapped(text: string, columns: number): string {
  if (columns < WIDTH_MIN) return text;
  return text
    .split('\n')
    .map((line) => wrappedLine(line, columns))
    .join('\n');
}

function wrappedLine(line: string, columns: number): string {
  if (width(line) <= columns) return line;
  const indent = `${/^ */.exec(line)?.[0].slice(0, columns / 2) ?? ''}${INDENT}`;
  let row = '';
  let left = columns;
  const rows: string[] = [];
  const breakRow = () => {
    rows.push(row);
    row = indent;
    left = columns - indent.length;
  };
  for (const word of line.split(/(?<= )(?=[^ ])/)) {
    // Other blanks take room as letters do.
    const bare = word.replace(/ +$/, '');
    if (width(bare) > left && row.trim() !== '') breakRow();
    // The escape sequences of a style stand at the ends of a line, and are never cut.
    if (width(bare) <= left || WHOLE.test(bare) || stripVTControlCharacters(bare) !== bare) {
      row += word;
      left -= width(word);
      continue;
    }
    for (const sign of signsOf(word, columns - indent.length)) {
      if (width(sign) > left) breakRow();
      row += sign;
      left -= width(sign);
    }
  }
  rows.push(row);
  return rows.map((one) => one.replace(/ +$/, '')).join('\n');
}

/** What a person takes for one sign stays together, unless it is wider than a row: there is no end to what may be joined. */
function* signsOf(word: string, columns: number): Generator<string> {
  for (const { segment } of new Intl.Segmenter().segment(word)) {
    if (width(segment) <= columns) yield segment;
    else yield* segment;
  }
}

/** At most so many columns; those of a style have none. */
function width(text: string): number {
  let columns = 0;
  for (const character of stripVTControlCharacters(text)) columns += NARROW.test(character) ? 1 : 2;
  return columns;
}
