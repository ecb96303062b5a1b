// What a terminal answers to questions, between the keys that somebody presses: found whenever it comes, so that nobody waits for it and nothing of
// it is taken for keys. No key sends such a sequence.
import type { Size } from './pixels.ts';

/** xterm's: the size of a cell in pixels, and then what kind of terminal it is, which every terminal answers. */
export const QUESTION = '\u001b[16t\u001b[c';
/** biome-ignore lint/suspicious/noControlCharactersInRegex: terminals answer in them. */
const ANSWER = /\u001b\[(?:\?([\d;]*)c|6;(\d{1,4});(\d{1,4})t)/g;
/** biome-ignore lint/suspicious/noControlCharactersInRegex: likewise. */
const BEGUN = /\u001b\[[?6][\d;]*$/;
const HELD_MAX_CHARS = 64;
/** Among the numbers of an answer: it draws sixels. */
const HAS_SIXEL = '4';

export type Answer = { readonly sixel: boolean } | { readonly cell: Size };

export class TerminalAnswers {
  readonly #heard: (answer: Answer) => void;
  #held = '';

  constructor(heard: (answer: Answer) => void) {
    this.#heard = heard;
  }

  /** The same without answers, however they are cut. */
  keys(typed: string): string {
    const text = (this.#held + typed).replace(ANSWER, (_all, kind?: string, height?: string, width?: string) => {
      if (kind !== undefined) this.#heard({ sixel: kind.split(';').slice(1).includes(HAS_SIXEL) });
      else if (Number(width) > 0 && Number(height) > 0) {
        this.#heard({ cell: { width: Number(width), height: Number(height) } });
      }
      return '';
    });
    const begun = BEGUN.exec(text)?.[0] ?? '';
    this.#held = begun.length <= HELD_MAX_CHARS ? begun : '';
    return text.slice(0, text.length - this.#held.length);
  }
}
