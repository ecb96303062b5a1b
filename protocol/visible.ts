// What somebody else wrote, another person, a server or a file, made harmless for a terminal: no control character, no escape sequence and no
// direction override of theirs is ever executed, and none vanishes either; each is shown as a visible sign (FEATURES.md, injection).

/** C0, DEL and C1 controls, direction controls, and the two separators that some terminals take for line ends. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** U+2400 and what follows: SYMBOL FOR NULL and its kin. */
const PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';

/** One line: also its line ends are shown as signs. */
export function visible(text: string): string {
  return text.toWellFormed().replace(UNSAFE, picture);
}

/** The same of a text of our own that quotes others: it keeps its lines. */
export function visibleInLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
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
