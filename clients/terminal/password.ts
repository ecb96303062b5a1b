// Where the password comes from: a file, the environment, or a person at a terminal, who sees nothing of what is typed.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { isatty, ReadStream } from 'node:tty';
import { Ended, EXIT, interrupted } from './exit.ts';

/** Asks on a terminal without echo; undefined where there is none. Throws Ended at Ctrl-C. */
export type Ask = (question: string) => Promise<string | undefined>;

export type PasswordSource = {
  /** Absolute path of a file whose first line it is. */
  readonly file?: string | undefined;
  /** From the environment. */
  readonly given?: string | undefined;
  readonly ask: Ask;
};

/** The password; file before environment before question. Throws Ended with a sentence where there is none. */
export async function readPassword(
  question: string,
  { file, given, ask }: PasswordSource,
  variable = 'PARLEY_PASSWORD',
): Promise<string> {
  const password = file === undefined ? (given ?? (await ask(question))) : firstLine(file);
  if (password === undefined) {
    const option = variable === 'PARLEY_PASSWORD' ? '--password-file F' : '--new-password-file F';
    throw new Ended(
      EXIT.refused,
      `A password is needed, and there is no terminal to ask on. Give ${option} or set ${variable}.`,
    );
  }
  if (password === '') throw new Ended(EXIT.refused, 'The password is empty.');
  return password;
}

/** As `readPassword`, for a password that is being chosen: who types it does so twice. */
export async function chooseNewPassword(
  question: string,
  source: PasswordSource,
  variable = 'PARLEY_PASSWORD',
): Promise<string> {
  let typed = false;
  const ask: Ask = (asked) => {
    typed = true;
    return source.ask(asked);
  };
  const password = await readPassword(question, { ...source, ask }, variable);
  if (typed && (await source.ask('The same again: ')) !== password) {
    throw new Ended(EXIT.refused, 'The two passwords are not the same. Nothing was done; try again.');
  }
  return password;
}

function firstLine(file: string): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Ended(EXIT.refused, `The password file ${file} cannot be read: ${reason}.`);
  }
  return content.split(/\r?\n/, 1)[0] ?? '';
}

/** What a person types into a line that is not shown. */
export class HiddenLine {
  readonly #decoder = new StringDecoder('utf8');
  #characters: string[] = [];

  get text(): string {
    return this.#characters.join('');
  }

  /** Takes keys as a terminal in raw mode sends them: backspace and Ctrl-U delete, Enter ends, Ctrl-C and Ctrl-D give up. */
  type(bytes: Buffer): 'more' | 'done' | 'given up' {
    const keys = this.#decoder.write(bytes);
    // An arrow key or the like: nothing of it belongs to a password.
    if (keys.startsWith('\u001b')) return 'more';
    for (const key of keys) {
      if (key === '\r' || key === '\n') return 'done';
      if (key === '\u0003' || key === '\u0004') return 'given up';
      if (key === '\u007f' || key === '\b') this.#characters.pop();
      else if (key === '\u0015') this.#characters = [];
      else if (key >= ' ') this.#characters.push(key);
    }
    return 'more';
  }
}

/**
 * Asks on the terminal of this process: standard input if it is one, else /dev/tty (then standard input may be a pipe of messages). Only where
 * standard error is a terminal too, because a question that nobody sees would wait for ever. `write`: to standard error.
 */
export function askOnTerminal(write: (text: string) => void): Ask {
  return async (question) => {
    const terminal = isatty(2) ? openTerminal() : undefined;
    if (terminal === undefined) return undefined;
    const { stream, close } = terminal;
    const line = new HiddenLine();
    write(question);
    stream.setRawMode(true);
    try {
      await new Promise<void>((resolve, reject) => {
        stream.on('data', (bytes: Buffer) => {
          const state = line.type(bytes);
          if (state === 'done') resolve();
          else if (state === 'given up') reject(interrupted('SIGINT'));
        });
        stream.on('error', reject);
        stream.on('end', () => reject(interrupted('SIGINT')));
      });
      return line.text;
    } finally {
      stream.setRawMode(false);
      write('\n');
      close();
    }
  };
}

function openTerminal(): { readonly stream: ReadStream; close(): void } | undefined {
  if (isatty(0)) {
    // process.stdin of a terminal is a tty.ReadStream.
    const stream = process.stdin as ReadStream;
    return {
      stream,
      close: () => {
        stream.removeAllListeners('data');
        stream.pause();
      },
    };
  }
  try {
    const file = openSync('/dev/tty', 'r');
    if (!isatty(file)) {
      closeSync(file);
      return undefined;
    }
    const stream = new ReadStream(file);
    return { stream, close: () => stream.destroy() };
  } catch {
    // No controlling terminal, or a system without this file: there is nobody to ask.
    return undefined;
  }
}
