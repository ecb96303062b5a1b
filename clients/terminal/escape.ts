// What other people wrote in several lines, made harmless for a terminal (protocol/visible.ts) without looking like the client's own lines.
import { visible } from '#protocol/visible.ts';

export { jsonLine, visible } from '#protocol/visible.ts';

/** Before each further line of a text: a person's text cannot look like a line of the client's own. */
const CONTINUATION = '    ';
const TAB = '    ';

/** A text that may have several lines: each but the first is indented, tabs become spaces, everything else as `visible`. */
export function visibleLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => visible(line.replaceAll('\t', TAB)))
    .join(`\n${CONTINUATION}`);
}
