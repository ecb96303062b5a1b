// What is pasted into the line that is being typed (bracketed paste: the terminal says where it begins and ends). A text of several lines
// is one message, and nothing of it is sent before Enter: its line ends stand on the line as signs, or, where it is long or holds what a terminal
// would obey, a name stands for all of it.
import { visibleLines } from '../escape.ts';

const BEGIN = '\u001b[200~';
const END = '\u001b[201~';
const CTRL_C = '\u0003';
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
  /** What has come of a paste that goes on. */
  #pasted: string[] | undefined;

  read(keys: string): Piece[] {
    const pieces: Piece[] = [];
    // A person who presses it at a paste that never ends wants out.
    if (this.#pasted !== undefined && keys === CTRL_C) {
      this.#endPaste(pieces, this.#held);
      this.#held = '';
    }
    let left = this.#held + keys;
    this.#held = '';
    while (left !== '') {
      const marker = this.#pasted === undefined ? BEGIN : END;
      const at = left.indexOf(marker);
      const cut = at < 0 ? left.length - partAtEnd(left, marker, this.#pasted ? 1 : MARKER_PART_MIN_CHARS) : at;
      const text = left.slice(0, cut);
      left = left.slice(cut);
      if (this.#pasted === undefined) {
        if (text !== '') pieces.push({ kind: 'keys', text });
        if (at >= 0) this.#pasted = [];
      } else if (at >= 0) this.#endPaste(pieces, text);
      else this.#pasted.push(text);
      if (at < 0) {
        this.#held = left;
        return pieces;
      }
      left = left.slice(marker.length);
    }
    return pieces;
  }

  /** One piece, in however many parts it came. */
  #endPaste(pieces: Piece[], last: string): void {
    const text = [...(this.#pasted ?? []), last].join('');
    this.#pasted = undefined;
    if (text !== '') pieces.push({ kind: 'paste', text });
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
