// The graphics protocol of kitty (sw.kovidgoyal.net/kitty/graphics-protocol), which other terminals know, too: bare pixels, compressed, in base64.
import { deflateSync } from 'node:zlib';
import type { Cells } from './cells.ts';
import type { Pixels } from './pixels.ts';

/** Of base64 in one sequence. */
const CHUNK_CHARS = 4_096;
/** Transmit and show at once, 24 bits a pixel, compressed, no answer, leave the cursor where it is. */
const KEYS = 'a=T,f=24,o=z,q=2,C=1';

/** The image over so many cells, from where the cursor is. */
export function kittyImage({ width, height, pixels }: Pixels, { columns, rows }: Cells): string {
  const data = deflateSync(pixels).toString('base64');
  let sequences = '';
  for (let from = 0; from < data.length; from += CHUNK_CHARS) {
    const to = from + CHUNK_CHARS;
    const first = from === 0 ? `${KEYS},s=${width},v=${height},c=${columns},r=${rows},` : '';
    sequences += `\u001b_G${first}m=${to < data.length ? 1 : 0};${data.slice(from, to)}\u001b\\`;
  }
  return sequences;
}
