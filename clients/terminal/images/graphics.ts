// Images on one terminal: by whichever way it has, as text to be written between two lines.
import { CELL_DEFAULT, type Cells, cellsOf, INDENT_COLUMNS, onRows } from './cells.ts';
import { halfBlocks } from './half-blocks.ts';
import { iterm2Image } from './iterm2.ts';
import { kittyImage } from './kitty.ts';
import type { Pixels, Size } from './pixels.ts';
import { loadSixel, type SixelImage } from './sixel.ts';
import { type Answer, QUESTION } from './terminal-answers.ts';
import type { ImageSettings, Way } from './way.ts';

/** Of a font, in pixels: what a terminal says beyond it is not believed. */
const CELL_MAX_PIXELS = 100;

export class Graphics {
  readonly #depth: ImageSettings['depth'];
  /** To be asked when the terminal is there; empty: nothing is. */
  readonly question: string;
  #way: Way;
  #cell = CELL_DEFAULT;
  #sixel: SixelImage | undefined;

  constructor({ way, depth, asks }: ImageSettings) {
    this.#depth = depth;
    this.question = asks ? QUESTION : '';
    this.#way = way;
    if (way === 'sixel') void this.#useSixel();
  }

  hear(answer: Answer): void {
    if ('cell' in answer) {
      const { width, height } = answer.cell;
      if (Math.max(width, height) <= CELL_MAX_PIXELS) this.#cell = answer.cell;
    } else if (answer.sixel && this.#way === 'blocks') void this.#useSixel();
  }

  /** Pixels that an image in so many cells can have; undefined: none is drawn at all. */
  room(within: Cells): Size | undefined {
    if (this.#way === 'none') return undefined;
    return { width: within.columns * this.#cell.width, height: within.rows * this.#cell.height };
  }

  /**
   * Whole lines; empty where nothing is drawn. `of`: pixels of the whole image, of which `image` may be a small copy. `within`: cells that there are,
   * with the indent.
   */
  drawn(image: Pixels, of: Size, within: Cells): string {
    const room = { columns: within.columns - INDENT_COLUMNS, rows: within.rows };
    if (this.#way === 'none' || room.columns < 1 || room.rows < 1) return '';
    // Its shape is the one that is drawn, whatever a sender says of the whole.
    const whole = { width: of.width, height: (of.width * image.height) / image.width };
    const cells = cellsOf(whole, room, this.#cell);
    const sequence = this.#sequence(image, cells);
    if (sequence !== undefined) return onRows(cells.rows, sequence);
    const indent = ' '.repeat(INDENT_COLUMNS);
    return halfBlocks(image, cells, this.#depth)
      .map((row) => `${indent}${row}\n`)
      .join('');
  }

  /** Undefined where characters do it. */
  #sequence(image: Pixels, cells: Cells): string | undefined {
    switch (this.#way) {
      case 'kitty':
        return kittyImage(image, cells);
      case 'iterm2':
        return iterm2Image(image, cells);
      case 'sixel':
        return this.#sixel?.(image, cells, this.#cell);
      case 'blocks':
      case 'none':
        return undefined;
    }
  }

  /** Until the library is there, and where it is not installed, characters do it. */
  async #useSixel(): Promise<void> {
    try {
      this.#sixel = await loadSixel();
      this.#way = 'sixel';
    } catch {
      this.#way = 'blocks';
    }
  }
}
