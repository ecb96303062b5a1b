// What tmux captures of a screen, as rows of runs: pieces of one style that stand at a column of their own, so that a picture of them needs to
// know nothing of terminals.

export type Run = {
  readonly text: string;
  /** From 0. */
  readonly column: number;
  readonly columns: number;
  readonly bold: boolean;
  readonly dim: boolean;
  /** 0 to 15, as terminals number them. */
  readonly colour: number | undefined;
  /** Scripts from right to left take the room that they need: what follows has its own column. */
  readonly script: Script;
};
export type Row = readonly Run[];
type Script = 'narrow' | 'wide' | 'right-to-left';
type Style = Pick<Run, 'bold' | 'dim' | 'colour'>;
type Cell = Style & Pick<Run, 'text' | 'columns' | 'script'>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: styles begin with Escape
const STYLE = /\u001b\[([\d;]*)m/;
const WIDE = /^(?:\p{RGI_Emoji}|[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}])$/v;
const RIGHT_TO_LEFT = /^[\p{scx=Hebr}\p{scx=Arab}]/u;
const PLAIN: Style = { bold: false, dim: false, colour: undefined };
const BRIGHT = 8;
const PRESENCE = /^ {2}\S+ is (?:online|offline)\.$/;

/** The rows of a capture whose broken lines are joined (`capture-pane -e -J`), broken again at `columns`, without empty ones at the end. */
export function rowsOf(capture: string, columns: number): Row[] {
  let style = PLAIN;
  const rows = capture.split('\n').flatMap((line) => {
    const cells: Cell[] = [];
    for (const [index, piece] of line.split(STYLE).entries()) {
      if (index % 2 === 1) style = styled(style, piece);
      else cells.push(...cellsOf(piece, style));
    }
    return broken(cells, columns).map(runsOf);
  });
  return withoutPassing(rows.slice(0, rows.findLastIndex((row) => row.length > 0) + 1));
}

/** A row as text, each run at its column. */
export function textOf(row: Row): string {
  let at = 0;
  return row.reduce((text, run) => {
    const gap = ' '.repeat(run.column - at);
    at = run.column + run.columns;
    return `${text}${gap}${run.text}`;
  }, '');
}

/**
 * Without what comes sooner or later than the rest. A slow machine says accepted, delivered and read one after the other, a fast one only the last of
 * them; and when the server is back, those who come back later than others are no news on a fast one.
 */
function withoutPassing(rows: readonly Row[]): Row[] {
  const texts = rows.map(textOf);
  const back = texts.indexOf('The server is back.');
  const left = rows.filter((_, index) => back < 0 || index < back || !PRESENCE.test(texts[index] ?? ''));
  const fates = left.map((row) =>
    /^ {2}✓+ (.*?)(?:accepted for|delivered to|read by) (?:\d+ of \d+ in )?(.*)$/.exec(textOf(row))?.slice(1).join(),
  );
  return left.filter((_, index) => fates[index] === undefined || fates[index] !== fates[index + 1]);
}

function styled(before: Style, codes: string): Style {
  let style = before;
  for (const code of codes.split(';').map(Number)) style = styledBy(style, code);
  return style;
}

function styledBy(before: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...before, bold: true };
  if (code === 2) return { ...before, dim: true };
  if (code === 22) return { ...before, bold: false, dim: false };
  if (code >= 30 && code < 38) return { ...before, colour: code - 30 };
  if (code >= 90 && code < 98) return { ...before, colour: code - 90 + BRIGHT };
  if (code === 39) return { ...before, colour: undefined };
  if (code === 49) return before;
  throw new Error(`The demo cannot draw the style ${code} of a terminal yet: teach it to demo/screen.ts.`);
}

function cellsOf(text: string, style: Style): Cell[] {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => {
    const script = WIDE.test(segment) ? 'wide' : RIGHT_TO_LEFT.test(segment) ? 'right-to-left' : 'narrow';
    return { ...style, text: segment, columns: script === 'wide' ? 2 : 1, script };
  });
}

/** As a terminal breaks a line: where the next sign has no room. */
function broken(cells: readonly Cell[], columns: number): Cell[][] {
  const rows: Cell[][] = [[]];
  let left = columns;
  for (const cell of cells) {
    if (cell.columns > left) {
      rows.push([]);
      left = columns;
    }
    rows.at(-1)?.push(cell);
    left -= cell.columns;
  }
  return rows;
}

function runsOf(cells: readonly Cell[]): Row {
  const runs: Run[] = [];
  let column = 0;
  for (const cell of cells) {
    const last = runs.at(-1);
    const goesOn =
      last?.bold === cell.bold && last.dim === cell.dim && last.colour === cell.colour && last.script === cell.script;
    if (last !== undefined && goesOn) {
      runs.splice(-1, 1, { ...last, text: last.text + cell.text, columns: last.columns + cell.columns });
    } else runs.push({ ...cell, column });
    column += cell.columns;
  }
  return runs.flatMap((run) => {
    const text = run.text.trim();
    const before = run.text.length - run.text.trimStart().length;
    const after = run.text.length - run.text.trimEnd().length;
    return text === '' ? [] : { ...run, text, column: run.column + before, columns: run.columns - before - after };
  });
}
