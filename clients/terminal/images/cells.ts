// How many cells of a terminal an image covers, and what stands around it.
import type { Size } from './pixels.ts';

/** Of a terminal: where a character has room. */
export type Cells = { readonly columns: number; readonly rows: number };

/** Pixels of one cell, where the terminal does not say: twice as high as wide, as fonts are. */
export const CELL_DEFAULT: Size = { width: 8, height: 16 };
/** As far in as the further lines of a message: what somebody sends never begins where lines of the client's own do. */
export const INDENT_COLUMNS = 4;

/** The most cells of the image's shape within these, and no more than it has pixels for; at least one. */
export function cellsOf(image: Size, within: Cells, cell: Size): Cells {
  const natural = { columns: image.width / cell.width, rows: image.height / cell.height };
  const scale = Math.min(1, within.columns / natural.columns, within.rows / natural.rows);
  const count = (cells: number, max: number) => Math.min(max, Math.max(1, Math.round(cells * scale)));
  return { columns: count(natural.columns, within.columns), rows: count(natural.rows, within.rows) };
}

/**
 * A sequence that draws over so many rows, on rows that are made for it first, so that nothing scrolls while it draws. Wherever it leaves the cursor,
 * that stands at the beginning of the row below.
 */
export function onRows(rows: number, sequence: string): string {
  return `${'\n'.repeat(rows)}\u001b[${rows}A\u001b[${INDENT_COLUMNS}C\u001b7${sequence}\u001b8\r\u001b[${rows}B`;
}
