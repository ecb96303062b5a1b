// What other people wrote, made harmless for a terminal: no control character, no escape sequence and no direction override of
// theirs is ever executed, and none vanishes either; each is shown as a visible sign (FEATURES.md, injection).

/** C0, DEL and C1 controls, direction controls, and the two separators that some terminals take for line ends. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** U+2400 and what follows: SYMBOL FOR NULL and its kin. */
const PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';
/** Before each further line of a text: a person's text cannot look like a line of the client's own. */
const CONTINUATION = '    ';
const TAB = '    ';

/** One line: also its line ends are shown as signs. */
export function visible(text: string): string {
  return text.toWellFormed().replace(UNSAFE, picture);
}

/** A text that may have several lines: each but the first is indented, tabs become spaces, everything else as `visible`. */
export function visibleLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => visible(line.replaceAll('\t', TAB)))
    .join(`\n${CONTINUATION}`);
}

/** JSON on one line that means the same value and has none of these characters bare: \u009b, \u202e and so on. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) => `\\u${hex(character)}`);
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(PICTURES + code);
  return code === 0x7f ? PICTURE_OF_DELETE : `<U+${hex(character).toUpperCase()}>`;
}

/** All characters of UNSAFE lie in the basic plane. */
function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, '0');
}
