// The inline images of iTerm2 (iterm2.com/documentation-images.html): a whole PNG in base64.
import type { Cells } from './cells.ts';
import type { Pixels } from './pixels.ts';
import { png } from './png.ts';

/** The image over so many cells, from where the cursor is. */
export function iterm2Image(image: Pixels, { columns, rows }: Cells): string {
  const file = png(image);
  const keys = `inline=1;size=${file.length};width=${columns};height=${rows};preserveAspectRatio=0`;
  return `\u001b]1337;File=${keys}:${file.toString('base64')}\u0007`;
}
