// A line that a person types and nobody sees: the keys of a terminal in raw mode, made into text.

const ESCAPE = '\u001b';
/** What an arrow, a function key or Alt with a letter sends behind Escape: nothing of it belongs to a password. */
const SEQUENCE = /^(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^[O\p{Cc}])?/u;
/** The beginning of a sequence whose rest comes with the next keys. */
const CUT = /^(?:\[[0-?]*[ -/]*|O)$/;
/** The rest of one that was cut behind its Escape: no person types so fast. */
const LATE = /^(?:\[[0-?]*[ -/]*[@-~]|O[ -~])/;

export class HiddenLine {
  #characters: string[] = [];
  #rest = '';
  /** What the last keys ended with, of a sequence. */
  #begun = '';

  get text(): string {
    return this.#characters.join('');
  }

  /** What came behind Enter: it belongs to the next question. */
  get rest(): string {
    return this.#rest;
  }

  /** Takes keys: backspace and Ctrl-U delete, Enter ends, Ctrl-C and Ctrl-D give up. */
  type(keys: string): 'more' | 'done' | 'given up' {
    let left = this.#begun === ESCAPE ? keys.replace(LATE, '') : this.#begun + keys;
    this.#begun = '';
    while (left !== '') {
      const key = String.fromCodePoint(left.codePointAt(0) ?? 0);
      left = left.slice(key.length);
      if (key === ESCAPE) {
        if (left === '' || CUT.test(left)) {
          this.#begun = key + left;
          return 'more';
        }
        left = left.replace(SEQUENCE, '');
        continue;
      }
      if (key === '\r' || key === '\n') {
        this.#rest = key === '\r' && left.startsWith('\n') ? left.slice(1) : left;
        return 'done';
      }
      if (key === '\u0003' || key === '\u0004') return 'given up';
      if (key === '\u007f' || key === '\b') this.#characters.pop();
      else if (key === '\u0015') this.#characters = [];
      else if (key >= ' ') this.#characters.push(key);
    }
    return 'more';
  }
}
