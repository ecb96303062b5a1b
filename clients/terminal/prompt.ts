// Questions at a terminal whose answers nobody sees, and such as are no secret. What is typed ahead of a further question is not shown either: the terminal stays
// silent from the first question to the last.
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { isatty, ReadStream } from 'node:tty';
import { visible } from './escape.ts';
import { interrupted, signalOf } from './exit.ts';
import { HiddenLine } from './hidden-line.ts';

const STDIN = 0;
const STDERR = 2;
const CTRL_C = '\u0003';
/** Back to the first column, and the line is empty (ECMA-48, CR and EL). */
const EMPTY_LINE = '\r\u001b[K';

/** `moreToCome`: another question follows. */
export type Ask = (question: string, moreToCome?: boolean) => Promise<string | undefined>;

/** A terminal to read keys from, and how to let go of it. */
export type Keyboard = {
  readonly stream: Pick<Readable, 'on' | 'off' | 'resume' | 'pause'> & { setRawMode(raw: boolean): unknown };
  release(): void;
};

export type PromptOptions = {
  /** Undefined where nobody can be asked. */
  readonly open: () => Keyboard | undefined;
  /** To the terminal. */
  readonly write: (text: string) => void;
  /** Aborts when the command is to end. */
  readonly ending: AbortSignal;
  /** Ctrl-C while nothing is asked: a silent terminal makes no signal of it. */
  readonly interrupt: () => void;
};

export class Prompt {
  readonly #options: PromptOptions;
  #keyboard: Keyboard | undefined;
  #decoder = new StringDecoder('utf8');
  /** Typed, and not asked for yet. */
  #ahead = '';
  #hear: ((keys: string) => void) | undefined;
  #gone: (() => void) | undefined;

  constructor(options: PromptOptions) {
    this.#options = options;
  }

  /** One line, without echo; undefined where there is no terminal. Throws Ended at Ctrl-C, at the terminal's end and when the command is to end. */
  ask(question: string, moreToCome = false): Promise<string | undefined> {
    return this.#ask(question, moreToCome, () => {});
  }

  /** As `ask`, and what is typed is shown. */
  askOpenly(question: string, moreToCome = false): Promise<string | undefined> {
    const lastLine = question.slice(question.lastIndexOf('\n') + 1);
    const show = (typed: string) => this.#options.write(`${EMPTY_LINE}${lastLine}${visible(typed)}`);
    return this.#ask(question, moreToCome, show);
  }

  async #ask(question: string, moreToCome: boolean, show: (typed: string) => void): Promise<string | undefined> {
    const { write, ending } = this.#options;
    if (!this.#open()) return undefined;
    let silent = false;
    const line = new HiddenLine();
    const answered = Promise.withResolvers<void>();
    const end = () => answered.reject(interrupted(signalOf(ending)));
    try {
      ending.addEventListener('abort', end);
      if (ending.aborted) end();
      write(question);
      this.#gone = () => answered.reject(interrupted('SIGINT'));
      this.#hear = (keys) => {
        const state = line.type(keys);
        show(line.text);
        if (state === 'given up') answered.reject(interrupted('SIGINT'));
        if (state !== 'done') return;
        this.#hear = undefined;
        this.#ahead = line.rest;
        answered.resolve();
      };
      this.#hear(this.#takeAhead());
      await answered.promise;
      silent = moreToCome;
      return line.text;
    } finally {
      ending.removeEventListener('abort', end);
      this.#hear = undefined;
      this.#gone = undefined;
      write('\n');
      if (!silent) this.close();
    }
  }

  /** The terminal is as it was before the first question. Harmless if nothing was asked. */
  close(): void {
    const keyboard = this.#keyboard;
    if (keyboard === undefined) return;
    this.#keyboard = undefined;
    this.#ahead = '';
    const { stream, release } = keyboard;
    stream.setRawMode(false);
    stream.pause();
    stream.off('data', this.#onData);
    stream.off('end', this.#onGone);
    stream.off('error', this.#onGone);
    release();
  }

  #open(): boolean {
    if (this.#keyboard !== undefined) return true;
    const keyboard = this.#options.open();
    if (keyboard === undefined) return false;
    this.#keyboard = keyboard;
    this.#decoder = new StringDecoder('utf8');
    keyboard.stream.setRawMode(true);
    keyboard.stream.on('data', this.#onData);
    keyboard.stream.on('end', this.#onGone);
    keyboard.stream.on('error', this.#onGone);
    // A stream that was paused explicitly stays so when somebody listens again.
    keyboard.stream.resume();
    return true;
  }

  #takeAhead(): string {
    const ahead = this.#ahead;
    this.#ahead = '';
    return ahead;
  }

  readonly #onData = (bytes: Buffer): void => {
    const keys = this.#decoder.write(bytes);
    if (this.#hear !== undefined) this.#hear(keys);
    else if (keys.includes(CTRL_C)) this.#options.interrupt();
    else this.#ahead += keys;
  };

  readonly #onGone = (): void => this.#gone?.();
}

/**
 * The terminal of this process: standard input if it is one, else /dev/tty (then standard input may be a pipe of messages). Only where standard
 * error is a terminal too, because a question that nobody sees would wait for ever.
 */
export function openKeyboard(): Keyboard | undefined {
  if (!isatty(STDERR)) return undefined;
  if (isatty(STDIN) && !process.stdin.readableEnded && !process.stdin.destroyed) {
    // process.stdin of a terminal is a tty.ReadStream.
    return { stream: process.stdin as ReadStream, release: () => {} };
  }
  try {
    const file = openSync('/dev/tty', 'r');
    if (!isatty(file)) {
      closeSync(file);
      return undefined;
    }
    const stream = new ReadStream(file);
    return { stream, release: () => void stream.destroy() };
  } catch {
    // No controlling terminal, or a system without this file: there is nobody to ask.
    return undefined;
  }
}
