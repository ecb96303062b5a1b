// What help says, for a screen and for programs: all commands on one screen of 80 by 24, two beside each other and in few words; where there is
// no screen, a line each.
import { type ChatCommand, usageOf } from './commands.ts';

const FIRST = 'What you type goes to the open conversation. // begins a text with a slash.';
const LAST = 'Tab completes. /help COMMAND tells more of one.';
const GAP = '  ';

/** What stands for an argument in a usage line. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  USER: 'a name, or an address like bo@example.org',
  'TEXT…': 'all that follows, to the end of the line',
  FILE: 'where to write it',
  DEVICE: 'its key in /devices, or the beginning of it',
  COMMAND: 'its name',
  NAME: 'what it is to be called',
  'on|off': 'on tells, off does not',
  N: 'how many lines',
};

/** All commands. `columns`: of the screen; undefined: there is none. */
export function helpLines(commands: readonly ChatCommand[], columns: number | undefined): string[] {
  const width = widest(commands.map(usageOf));
  const line = (command: ChatCommand, says: string) => `${usageOf(command).padEnd(width)}${GAP}${says}`;
  if (columns === undefined) {
    return [FIRST, LAST, ...commands.map((command) => line(command, firstSentence(command.says)))];
  }
  const cells = commands.map((command) => line(command, command.brief));
  return [FIRST, ...besideEachOther(cells, columns), LAST];
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

/** Down the first column, then down the second, if there is room for two. */
function besideEachOther(cells: readonly string[], columns: number): string[] {
  const width = widest(cells);
  if (2 * width + GAP.length > columns) return [...cells];
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
