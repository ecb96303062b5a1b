// Sixel (vt100.net/docs/vt3xx-gp/chapter14.html): what terminals drew with before there were others, by a library.
import type { Cells } from './cells.ts';
import { type Pixels, type Size, scaled } from './pixels.ts';

const OPAQUE = 255;
/** What is not drawn stays as it is. */
const TRANSPARENT = 1;
const COLOURS_MAX = 256;

export type SixelImage = (image: Pixels, cells: Cells, cell: Size) => string;
type Colour = [number, number, number];

/** Where the library is installed. It is loaded when a terminal needs it. */
export async function loadSixel(): Promise<SixelImage> {
  const { image2sixel, introducer, sixelEncode, FINALIZER } = (await import('sixel')).default;
  return (image, { columns, rows }, cell) => {
    const { width, height, pixels } = scaled(image, { width: columns * cell.width, height: rows * cell.height });
    const rgba = withOpacity(pixels);
    const colours = coloursOf({ width, height, pixels });
    // The colours that the library chooses among few are not theirs (0.16.0: red and blue became purple), so it is asked for many alone.
    return colours === undefined
      ? image2sixel(rgba, width, height, COLOURS_MAX, TRANSPARENT)
      : `${introducer(TRANSPARENT)}${sixelEncode(rgba, width, height, colours)}${FINALIZER}`;
  };
}

/** All of them; undefined where there are more than a terminal takes. */
function coloursOf({ pixels }: Pixels): Colour[] | undefined {
  const colours = new Map<number, Colour>();
  for (let at = 0; at < pixels.length; at += 3) {
    const colour: Colour = [pixels[at] ?? 0, pixels[at + 1] ?? 0, pixels[at + 2] ?? 0];
    colours.set(
      colour.reduce((sum, value) => sum * 256 + value, 0),
      colour,
    );
    if (colours.size > COLOURS_MAX) return undefined;
  }
  return [...colours.values()];
}

function withOpacity(pixels: Uint8Array): Uint8Array {
  const rgba = new Uint8Array((pixels.length / 3) * 4).fill(OPAQUE);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) rgba.set(pixels.subarray(from, from + 3), to);
  return rgba;
}
