// Everything that the client writes, for people or for programs. All of it passes `visible` here, at the gate, so no command can
// forget it. Writes are synchronous: an event counts as printed once the system has it (profile/events.ts marks it then).
import { writeSync } from 'node:fs';
import { styleText } from 'node:util';
import { jsonLine, visible, visibleLines } from './escape.ts';
import { OutputClosed } from './exit.ts';

const STDOUT = 1;
const STDERR = 2;
/** How long to wait for a pipe that is full and does not block by itself. */
const FULL_PIPE_WAIT_MS = 5;
/** The reader is gone, or its terminal is. */
const CLOSED_CODES: readonly unknown[] = ['EPIPE', 'EIO', 'EBADF'];

export type Style = 'plain' | 'dim' | 'bold';
/** A JSON line: `type` says which fields it has. */
export type Record = { readonly type: string } & { readonly [field: string]: unknown };
/** Writes all of it before it returns. Throws OutputClosed when nobody reads any more. */
export type Write = (text: string) => void;

export type OutputOptions = {
  readonly json: boolean;
  readonly colour: boolean;
  readonly stdout: Write;
  readonly stderr: Write;
  /** Whether standard error is a terminal that can write a line anew. */
  readonly passing?: boolean;
};

/** Takes the line away on which the cursor stands. */
const CLEAR_LINE = '\r\u001b[2K';
/** What is wider than the terminal is cut off instead of continued: then one line stays one line. */
const CUT_OFF = '\u001b[?7l';
const CONTINUE = '\u001b[?7h';

export class Output {
  readonly json: boolean;
  readonly #options: OutputOptions;
  #passes = false;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.#options = options;
  }

  /** A result: the record with --json, else the text. Throws OutputClosed. */
  show(record: Record, text: string, style: Style = 'plain'): void {
    this.#clear();
    this.#options.stdout(`${this.json ? jsonLine(record) : this.#styled(text, style)}\n`);
  }

  /** A result that programs have no use for. Throws OutputClosed. */
  say(text: string, style: Style = 'plain'): void {
    if (this.json) return;
    this.#clear();
    this.#options.stdout(`${this.#styled(text, style)}\n`);
  }

  /** A line of a document, which is the same for people and programs. Throws OutputClosed. */
  line(text: string): void {
    this.#clear();
    this.#options.stdout(`${visible(text)}\n`);
  }

  /** Something on the side, for a person: on stderr, and not worth failing for. */
  note(text: string): void {
    this.#clear();
    this.#aside(`${visibleLines(text)}\n`);
  }

  /** How far something is, for a person who watches: until the next such line or anything else is written; '' takes it away. Nothing where stderr is no terminal. */
  passing(text: string): void {
    if (this.#options.passing !== true) return;
    if (text === '') return this.#clear();
    this.#aside(`${CLEAR_LINE}${CUT_OFF}${visible(text)}${CONTINUE}`);
    this.#passes = true;
  }

  #clear(): void {
    if (this.#passes) this.#aside(CLEAR_LINE);
    this.#passes = false;
  }

  #aside(text: string): void {
    try {
      this.#options.stderr(text);
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
    }
  }

  #styled(text: string, style: Style): string {
    const safe = visibleLines(text);
    return style === 'plain' || !this.#options.colour ? safe : styleText(style, safe, { validateStream: false });
  }
}

/** Standard output and standard error of this process. */
export const toStdout: Write = (text) => writeAll(STDOUT, text);
export const toStderr: Write = (text) => writeAll(STDERR, text);

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(file, bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (CLOSED_CODES.includes(code)) throw new OutputClosed();
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
}
