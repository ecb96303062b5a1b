// A chat on a terminal: one line to edit at the bottom, everything else above it. The line is node:readline's; here is what it lacks: text
// that comes in while somebody types, pasted lines, the typed line replaced by what it became, and a keyboard that is lent to a question.
import { createInterface, type Interface } from 'node:readline';
import { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Cells } from '../images/cells.ts';
import type { Graphics } from '../images/graphics.ts';
import type { Pixels, Size } from '../images/pixels.ts';
import { TerminalAnswers } from '../images/terminal-answers.ts';
import type { Write } from '../output.ts';
import type { Front, FrontHandlers } from './front.ts';
import { PasteReader, Pastes, type Piece, typedSigns } from './paste.ts';
import { wrapped } from './wrap.ts';

const HISTORY_LINES = 500;
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
/** Beside an image there is room for what was said of it, and for what is typed. */
const ROWS_BESIDE = 4;
/** xterm's modes: pasted text comes between markers, or not. */
const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';
const NEWLINE = '\r\n';

type Keyboard = Pick<Readable, 'on' | 'off' | 'resume' | 'pause'> & { setRawMode(raw: boolean): unknown };

export type TerminalFrontOptions = {
  readonly keyboard: Keyboard;
  readonly screen: Pick<Writable, 'on' | 'off'> & { readonly columns: number; readonly rows?: number };
  /** To the same screen. */
  readonly write: Write;
  /** Stops all of this job, as Ctrl-Z does: the program that started this one, too. Resolves when it goes on. */
  readonly stopJob: () => Promise<void>;
  /** How it shows images. */
  readonly graphics: Graphics;
};

export class TerminalFront implements Front {
  readonly erasesTyped = true;
  readonly #options: TerminalFrontOptions;
  readonly #pastes = new Pastes();
  readonly #screen: Screen;
  #handlers: FrontHandlers | undefined;
  #line: Interface | undefined;
  #keys = new Keys();
  #history: string[] = [];
  #prompt = '> ';
  #paste = new PasteReader();
  #decoder = new StringDecoder('utf8');
  readonly #answers: TerminalAnswers;
  /** Keys, one each, and pasted texts that readline has not taken yet. */
  #typed: Piece[] = [];
  /** Printed while a question stood there. */
  #held: (() => string)[] = [];
  #questions = 0;
  #closed = false;

  constructor(options: TerminalFrontOptions) {
    this.#options = options;
    this.#answers = new TerminalAnswers((answer) => options.graphics.hear(answer));
    this.#screen = new Screen(options.write, options.screen.columns, () => this.#line?.getCursorPos().rows ?? 0);
  }

  get columns(): number {
    return this.#screen.columns;
  }

  get asking(): boolean {
    return this.#questions > 0;
  }

  start(handlers: FrontHandlers): void {
    this.#handlers = handlers;
    const { screen, keyboard, graphics, write } = this.#options;
    screen.on('resize', this.#onResize);
    keyboard.on('end', this.#onEnd);
    keyboard.on('error', this.#onEnd);
    this.#open('');
    if (graphics.question !== '') write(graphics.question);
  }

  print(text: string): void {
    this.#put(() => this.fitted(text));
  }

  picture(image: Pixels, of: Size, most: Cells): void {
    this.#put(() => this.#options.graphics.drawn(image, of, this.#cells(most)));
  }

  pictureRoom(most: Cells): Size | undefined {
    return this.#options.graphics.room(this.#cells(most));
  }

  #cells({ columns, rows }: Cells): Cells {
    const { rows: screenRows } = this.#options.screen;
    return {
      columns: Math.min(columns, this.columns - 1),
      rows: Math.min(rows, (screenRows || ROWS_DEFAULT) - ROWS_BESIDE),
    };
  }

  /** Whole lines, as they fit when there is room for them. */
  #put(whole: () => string): void {
    if (this.asking) {
      this.#held.push(whole);
      return;
    }
    const lines = whole();
    if (this.#line === undefined) return this.#options.write(lines);
    // readline goes up to where its line began before it draws it again: as many rows below the text as it is going to go up.
    const { rows } = this.#screen;
    this.#options.write(`${up(rows)}\r\u001b[J${lines}${'\n'.repeat(rows)}`);
    this.#line.prompt(true);
  }

  prompt(text: string): void {
    this.#prompt = text;
    this.#line?.setPrompt(text);
    this.#line?.prompt(true);
  }

  putBack(text: string): void {
    if (this.#line?.line === '') this.#line.write(this.#pastes.shown(text));
  }

  async question<T>(ask: () => Promise<T>): Promise<T> {
    this.#questions++;
    const typed = this.#shut();
    try {
      return await ask();
    } finally {
      this.#questions--;
      if (!this.#closed) this.#open(typed);
      for (const whole of this.#held.splice(0)) this.#put(whole);
    }
  }

  fitted(text: string): string {
    return wrapped(text, this.#screen.columns);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { screen, keyboard } = this.#options;
    screen.off('resize', this.#onResize);
    keyboard.off('end', this.#onEnd);
    keyboard.off('error', this.#onEnd);
    this.#shut();
    for (const whole of this.#held.splice(0)) this.#options.write(whole());
  }

  #open(typed: string): void {
    const { keyboard, write } = this.#options;
    const keys = new Keys(keyboard);
    const line = createInterface({
      input: keys,
      output: this.#screen,
      terminal: true,
      prompt: this.#prompt,
      history: this.#history,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (text: string, done: (error: null, result: [string[], string]) => void) => this.#complete(text, done),
    });
    this.#keys = keys;
    this.#line = line;
    line.on('history', (history) => {
      this.#history = [...history];
    });
    line.on('line', (text) => void this.#handlers?.line(this.#pastes.meant(text)));
    line.on('SIGINT', () => this.#interrupt(line));
    line.on('SIGTSTP', () => void this.#stop());
    line.on('close', () => {
      if (line === this.#line) this.#onEnd();
    });
    keyboard.on('data', this.#onKeys);
    keys.on('resume', () => this.#type());
    keyboard.resume();
    write(PASTE_ON);
    line.prompt();
    if (typed !== '') line.write(typed);
  }

  /** The line is gone from the screen. Returns what stood on it. */
  #shut(): string {
    const line = this.#line;
    if (line === undefined) return '';
    const typed = line.line;
    const { keyboard, write } = this.#options;
    write(`${up(this.#screen.rows)}\r\u001b[J${PASTE_OFF}`);
    this.#line = undefined;
    this.#typed = [];
    keyboard.off('data', this.#onKeys);
    line.close();
    keyboard.pause();
    return typed;
  }

  /** As a shell does: what stands on the line is given up, whole. */
  #interrupt(line: Interface): void {
    if (line.line === '') return this.#handlers?.interrupt();
    line.write(null, { ctrl: true, name: 'e' });
    line.write(null, { ctrl: true, name: 'u' });
  }

  async #stop(): Promise<void> {
    await this.question(this.#options.stopJob);
  }

  #complete(text: string, done: (error: null, result: [string[], string]) => void): void {
    const line = this.#line;
    const answer = (completions: readonly string[], word: string) => {
      // readline throws where it was closed meanwhile.
      if (line === this.#line) done(null, [[...completions], word]);
    };
    const handlers = this.#handlers;
    if (handlers === undefined) return answer([], text);
    handlers.complete(text).then(
      ({ word, completions }) => answer(completions, word),
      () => answer([], text), // the profile is being closed: whoever closes it knows why
    );
  }

  readonly #onKeys = (bytes: Buffer): void => {
    for (const { kind, text } of this.#paste.read(this.#answers.keys(this.#decoder.write(bytes)))) {
      // Keys one by one: where several come together, readline 24 does not notice that its line has grown by a row.
      const pieces = kind === 'paste' ? [text] : [...typedSigns(text)];
      this.#typed.push(...pieces.map((piece) => ({ kind, text: piece })));
    }
    this.#type();
  };

  /** All that was typed and pasted, up to a Tab that has to be answered first: readline pauses its input then. */
  #type(): void {
    while (!this.#keys.isPaused()) {
      const next = this.#typed.shift();
      if (next === undefined) return this.#tellTyping();
      if (next.kind === 'paste') this.#line?.write(this.#pastes.shown(next.text));
      else this.#keys.emit('data', next.text);
    }
  }

  #tellTyping(): void {
    const typed = this.#line?.line ?? '';
    if (typed !== '') this.#handlers?.typing(typed);
  }

  readonly #onEnd = (): void => this.#handlers?.end();

  /** Terminals wrap again what stands on them: the line begins where its rows of the new width say. */
  readonly #onResize = (): void => {
    const before = this.#screen.rows;
    this.#screen.columns = this.#options.screen.columns || COLUMNS_DEFAULT;
    const now = this.#screen.rows;
    if (this.#line === undefined) return;
    if (now !== before) this.#options.write(now > before ? up(now - before) : `\u001b[${before - now}B`);
    this.#screen.emit('resize');
  };
}

/** What readline reads: keys as they were handed on, in the very moment, so that what is pasted between two of them stands between them. */
class Keys extends Readable {
  readonly #keyboard: Pick<Keyboard, 'setRawMode'> | undefined;

  constructor(keyboard?: Pick<Keyboard, 'setRawMode'>) {
    super({ read() {} });
    this.#keyboard = keyboard;
  }

  /** readline asks for it by this name. */
  setRawMode(raw: boolean): void {
    this.#keyboard?.setRawMode(raw);
  }
}

/** What readline draws on. A line that is done disappears: it is shown again as what it became. */
class Screen extends Writable {
  columns: number;
  readonly #write: Write;
  readonly #rowsDrawn: () => number;
  /** From where a line is done until readline draws the next one, with what stands above it. */
  #empty = true;

  constructor(write: Write, columns: number | undefined, rowsDrawn: () => number) {
    super({ decodeStrings: false });
    this.#write = write;
    this.columns = columns || COLUMNS_DEFAULT;
    this.#rowsDrawn = rowsDrawn;
  }

  /** How far below its first row the line is that is edited. */
  get rows(): number {
    return this.#empty ? 0 : this.#rowsDrawn();
  }

  override _write(text: string, _encoding: string, done: () => void): void {
    const ends = text === NEWLINE;
    this.#write(ends ? `${up(this.rows)}\r\u001b[J` : text);
    this.#empty = ends;
    done();
  }
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : '';
}
