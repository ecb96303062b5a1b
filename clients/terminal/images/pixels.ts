// Bare pixels, as a preview is one and as everything is drawn from: made smaller, made larger, turned.
import type { Preview } from '../../sdk/index.ts';

/** Rows from the top, three bytes each: red, green, blue. */
export type Pixels = Preview;
export type Size = { readonly width: number; readonly height: number };

const CHANNELS = 3;
/** EXIF's ways to lie: from these on, rows are columns. */
const TURNED_FROM = 5;
const MIRRORED_OVER: readonly number[] = [2, 3, 6, 7];
const UPSIDE_DOWN: readonly number[] = [3, 4, 7, 8];

/** The largest size of the same shape that fits both sides, at least one pixel each; never larger than `image` itself. */
export function fitting(image: Size, within: Size): Size {
  const scale = Math.min(1, within.width / image.width, within.height / image.height);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: side(image.width), height: side(image.height) };
}

/** Of another size: each pixel is the mean of those that it stands for, or the one that it lies in. */
export function scaled(image: Pixels, { width, height }: Size): Pixels {
  if (width === image.width && height === image.height) return image;
  const pixels = new Uint8Array(width * height * CHANNELS);
  for (let y = 0; y < height; y++) {
    const rows = span(y, height, image.height);
    for (let x = 0; x < width; x++) {
      pixels.set(mean(image, span(x, width, image.width), rows), (y * width + x) * CHANNELS);
    }
  }
  return { width, height, pixels };
}

/** As it is meant to be looked at. `orientation`: EXIF's, 1 to 8; anything else leaves it as it is. */
export function upright(image: Pixels, orientation: number): Pixels {
  const turned = orientation >= TURNED_FROM && orientation <= 8;
  const [width, height] = turned ? [image.height, image.width] : [image.width, image.height];
  const pixels = new Uint8Array(image.pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const across = MIRRORED_OVER.includes(orientation) ? width - 1 - x : x;
      const down = UPSIDE_DOWN.includes(orientation) ? height - 1 - y : y;
      const from = turned ? across * image.width + down : down * image.width + across;
      pixels.set(image.pixels.subarray(from * CHANNELS, (from + 1) * CHANNELS), (y * width + x) * CHANNELS);
    }
  }
  return { width, height, pixels };
}

/** From one on, up to another and without it, of the side that is looked at. */
type Span = { readonly from: number; readonly to: number };

/** Which pixels of a side one stands for that is the `at`th of `length`. */
function span(at: number, length: number, of: number): Span {
  const from = Math.floor((at * of) / length);
  return { from, to: Math.max(from + 1, Math.floor(((at + 1) * of) / length)) };
}

function mean({ width, pixels }: Pixels, columns: Span, rows: Span): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let y = rows.from; y < rows.to; y++) {
    for (let x = columns.from; x < columns.to; x++) {
      const at = (y * width + x) * CHANNELS;
      for (const channel of [0, 1, 2] as const) sums[channel] += pixels[at + channel] ?? 0;
    }
  }
  const count = (columns.to - columns.from) * (rows.to - rows.from);
  return [Math.round(sums[0] / count), Math.round(sums[1] / count), Math.round(sums[2] / count)];
}
