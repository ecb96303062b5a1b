// What is pasted into the line that is being typed (bracketed paste: the terminal says where it begins and ends). A text of several lines
// is one message, and nothing of it is sent before Enter: its line ends stand on the line as signs, or, where it is long or holds what a terminal
// would obey, a name stands for all of it.
import { visibleLines } from '../escape.ts';

const BEGIN = '\u001b[200~';
const END = '\u001b[201~';
/** A terminal writes a key's sequence at once; only the beginning of a marker may be cut off, between two reads. */
const MARKER_PART_MIN_CHARS = 3;

/** What stands on the line itself at most: more does not fit a small terminal together with what it answers. */
const INLINE_MAX_CHARS = 400;
const INLINE_MAX_LINES = 5;
/** Texts that names stand for, so that they come back with the input history. */
const KEPT_PASTES = 50;

export type Piece = { readonly kind: 'keys' | 'paste'; readonly text: string };

/** Tells pasted text from keys, however the terminal's bytes are cut. */
export class PasteReader {
  #held = '';
  #pasting = false;

  read(keys: string): Piece[] {
    const pieces: Piece[] = [];
    let left = this.#held + keys;
    this.#held = '';
    while (left !== '') {
      const kind = this.#pasting ? 'paste' : 'keys';
      const marker = this.#pasting ? END : BEGIN;
      const at = left.indexOf(marker);
      if (at < 0) {
        const cut = left.length - partAtEnd(left, marker, this.#pasting ? 1 : MARKER_PART_MIN_CHARS);
        this.#held = left.slice(cut);
        if (cut > 0) pieces.push({ kind, text: left.slice(0, cut) });
        return pieces;
      }
      if (at > 0) pieces.push({ kind, text: left.slice(0, at) });
      this.#pasting = !this.#pasting;
      left = left.slice(at + marker.length);
    }
    return pieces;
  }
}

/** How much of the end of `text` is a beginning of `marker`, if it is at least `min` characters. */
function partAtEnd(text: string, marker: string, min: number): number {
  for (let length = Math.min(marker.length - 1, text.length); length >= min; length--) {
    if (text.endsWith(marker.slice(0, length))) return length;
  }
  return 0;
}

/** SYMBOL FOR LINE FEED and SYMBOL FOR HORIZONTAL TABULATION. Where somebody means these themselves, a text variation selector follows. */
const SIGNS = { '\n': '\u240a', '\t': '\u2409' } as const;
const MEANT = '\ufe0e';

/** Keys as they may stand on the line. */
export function typedSigns(keys: string): string {
  return keys.replace(/[\u2409\u240a]/g, `$&${MEANT}`);
}

/** What is on the line, and what it stands for. */
export class Pastes {
  readonly #texts = new Map<string, string>();
  #count = 0;

  /** What stands on the line for a pasted text. */
  shown(pasted: string): string {
    const text = pasted.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
    const lines = text.split('\n').length;
    // Line ends and tabs are the only ones that have a sign of their own here.
    const harmless = visibleLines(text) === text.replaceAll('\t', '    ').replaceAll('\n', '\n    ');
    if (harmless && text.length <= INLINE_MAX_CHARS && lines <= INLINE_MAX_LINES) {
      return typedSigns(text).replaceAll('\n', SIGNS['\n']).replaceAll('\t', SIGNS['\t']);
    }
    this.#count++;
    const size = lines === 1 ? `${text.length} characters` : `${lines} lines`;
    const name = `[pasted ${this.#count}: ${size}]`;
    this.#texts.set(name, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > KEPT_PASTES && oldest !== undefined) this.#texts.delete(oldest);
    return name;
  }

  /** What a line says, with the texts that names stand for. */
  meant(line: string): string {
    return line
      .split(/(\[pasted \d+: \d+ (?:lines|characters)\])/)
      .map((part) => this.#texts.get(part) ?? withoutSigns(part))
      .join('');
  }
}

function withoutSigns(part: string): string {
  return part
    .replace(/\u240a(?!\ufe0e)/g, '\n')
    .replace(/\u2409(?!\ufe0e)/g, '\t')
    .replace(/([\u2409\u240a])\ufe0e/g, '$1');
}
