// Sixel (vt100.net/docs/vt3xx-gp/chapter14.html): what terminals drew with before there were others, by a library that chooses 256 colours.
import type { Cells } from './cells.ts';
import { type Pixels, type Size, scaled } from './pixels.ts';

const OPAQUE = 255;
/** What is not drawn stays as it is. */
const TRANSPARENT = 1;
const COLOURS = 256;

export type SixelImage = (image: Pixels, cells: Cells, cell: Size) => string;

/** Where the library is installed. It is loaded when a terminal needs it. */
export async function loadSixel(): Promise<SixelImage> {
  const { image2sixel } = (await import('sixel')).default;
  return (image, { columns, rows }, cell) => {
    const { width, height, pixels } = scaled(image, {
      width: Math.floor(columns * cell.width),
      height: Math.floor(rows * cell.height),
    });
    return image2sixel(withOpacity(pixels), width, height, COLOURS, TRANSPARENT);
  };
}

function withOpacity(pixels: Uint8Array): Uint8Array {
  const rgba = new Uint8Array((pixels.length / 3) * 4).fill(OPAQUE);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) rgba.set(pixels.subarray(from, from + 3), to);
  return rgba;
}
