// An image of characters: each is two pixels, one above the other, the upper one in the colour of a half block and the lower one in that behind it.
import { type Pixels, scaled } from './pixels.ts';

const UPPER_HALF = '▀';
const RESET = '\u001b[0m';
/** xterm's 256 colours: a cube of six steps a side begins here, behind the sixteen that everybody chooses alone. */
const CUBE_FROM = 16;
const CUBE_STEPS: readonly number[] = [0, 95, 135, 175, 215, 255];
/** Behind the cube: greys, ten apart. */
const GREY_FROM = 232;
const GREYS = 24;
const GREY_DARKEST = 8;
const GREY_STEP = 10;

export type Depth = 24 | 8;
type Colour = readonly [number, number, number];

/** A row of text for each two of pixels. `depth`: bits of a colour that the terminal knows. */
export function halfBlocks(image: Pixels, cells: { columns: number; rows: number }, depth: Depth): string[] {
  const small = scaled(image, { width: cells.columns, height: cells.rows * 2 });
  return Array.from({ length: cells.rows }, (_, row) => {
    let line = '';
    let before = '';
    for (let column = 0; column < cells.columns; column++) {
      const colours = `${colour(at(small, column, 2 * row), depth, 38)};${colour(at(small, column, 2 * row + 1), depth, 48)}`;
      line += `${colours === before ? '' : `\u001b[${colours}m`}${UPPER_HALF}`;
      before = colours;
    }
    return `${line}${RESET}`;
  });
}

function at({ width, pixels }: Pixels, x: number, y: number): Colour {
  const from = (y * width + x) * 3;
  return [pixels[from] ?? 0, pixels[from + 1] ?? 0, pixels[from + 2] ?? 0];
}

/** `where`: 38 is what is written, 48 what is behind it. */
function colour(of: Colour, depth: Depth, where: 38 | 48): string {
  return depth === 24 ? `${where};2;${of.join(';')}` : `${where};5;${nearest(of)}`;
}

/** The number of the nearest one among 256. */
export function nearest(of: Colour): number {
  const steps = of.map((value) => closest(CUBE_STEPS, value));
  const cube = steps.map((step) => CUBE_STEPS[step] ?? 0);
  const mean = (of[0] + of[1] + of[2]) / 3;
  const grey = Math.min(GREYS - 1, Math.max(0, Math.round((mean - GREY_DARKEST) / GREY_STEP)));
  const greyValue = GREY_DARKEST + grey * GREY_STEP;
  const isGrey = distance(of, [greyValue, greyValue, greyValue]) < distance(of, cube);
  return isGrey ? GREY_FROM + grey : steps.reduce((number, step) => number * 6 + step, 0) + CUBE_FROM;
}

function closest(values: readonly number[], to: number): number {
  const distances = values.map((value) => Math.abs(value - to));
  return distances.indexOf(Math.min(...distances));
}

function distance(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, channel) => sum + (value - (other[channel] ?? 0)) ** 2, 0);
}
