// What help says, for a screen and for programs: all commands on one screen of 80 by 24, two beside each other and in few words; where there is
// no screen, a line each.
import { type ChatCommand, usageOf } from './commands.ts';

/** Where there is room for one alone: what a slash at the beginning does is said to whoever mistypes a command. */
const SHORT = 'Text goes to the open conversation. Tab completes. /help COMMAND tells more.';
const FIRST = 'What you type goes to the open conversation. // begins a text with a slash.';
const LAST = 'Tab completes. /help COMMAND tells more of one.';
const GAP = '  ';

/** What stands for an argument in a usage line. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  USER: 'a name, or an address like bo@example.org',
  'USER…': 'names with blanks between',
  'USER|#GROUP': 'a name, or an address; with # a group',
  GROUP: 'the name of a group, with or without #',
  'GROUP[,GROUP…]': 'names of groups with commas between',
  '--all': 'as it stands here',
  'TEXT…': 'all that follows, to the end of the line',
  FILE: 'where to write it',
  PATH: 'the file; ~ is your home, and blanks may stand in it',
  'N|NAME': 'which file: 2 is the last but one; or its name, or how that begins',
  DIR: 'the folder to save it in',
  DEVICE: 'its key in /devices, or the beginning of it',
  COMMAND: 'its name',
  NAME: 'what it is to be called',
  'on|off': 'on tells others, off does not',
  N: 'how many lines',
};

/** All commands. `columns`: of the screen; undefined: there is none. */
export function helpLines(commands: readonly ChatCommand[], columns: number | undefined): string[] {
  if (columns === undefined) {
    const width = widest(commands.map(usageOf));
    return [FIRST, LAST, ...commands.map((command) => cell(command, width, firstSentence(command.says)))];
  }
  const half = Math.floor((columns - 1 - GAP.length) / 2);
  const width = Math.max(0, half - GAP.length - widest(commands.map(({ brief }) => brief)));
  const cells = commands.map((command) => cell(command, width, command.brief));
  return widest(cells) <= half ? [SHORT, ...besideEachOther(cells)] : [FIRST, ...cells, LAST];
}

/** Where its arguments need more room than those of most, what it does stands behind them. */
function cell(command: ChatCommand, width: number, says: string): string {
  return `${usageOf(command).padEnd(width)}${GAP}${says}`;
}

/** One command: its arguments, what it does, and an example. */
export function helpOf(command: ChatCommand): string[] {
  const { name, usage, says, example } = command;
  const words = usage.split(' ').filter((word) => word !== '');
  return [
    says,
    ...words.map((word) => {
      const argument = word.replace(/^\[(.*)\]$/, '$1');
      return `${argument}: ${ARGUMENTS[argument]}${argument === word ? '' : '; it may be left out'}.`;
    }),
    `Example: /${name} ${example}`.trimEnd(),
  ];
}

/** Down the first column, then down the second. */
function besideEachOther(cells: readonly string[]): string[] {
  const width = widest(cells);
  const rows = Math.ceil(cells.length / 2);
  return cells.slice(0, rows).map((cell, row) => `${cell.padEnd(width)}${GAP}${cells[rows + row] ?? ''}`.trimEnd());
}

/** In characters, each of which takes one column here. */
function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}

function firstSentence(says: string): string {
  return says.split('. ')[0]?.replace(/\.$/, '') ?? '';
}
