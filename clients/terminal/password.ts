// Where the password comes from: a file, the environment, or a person at a terminal.
import { readFileSync } from 'node:fs';
import { Ended, EXIT } from './exit.ts';
import type { Ask } from './prompt.ts';

export type PasswordSource = {
  /** Absolute path of a file whose first line it is. */
  readonly file?: string | undefined;
  /** From the environment. */
  readonly given?: string | undefined;
  readonly ask: Ask;
  /** Another question follows. */
  readonly moreToCome?: boolean;
  /** How else it can be given, for whoever cannot be asked: as in "Give …". */
  readonly otherwise: string;
};

/** What was typed is none: another one may be. */
export class BadPassword extends Ended {
  constructor(message: string) {
    super(EXIT.refused, message);
  }
}

/** The password; file before environment before question. Throws Ended with a sentence where there is none. */
export async function readPassword(
  question: string,
  { file, given, ask, moreToCome = false, otherwise }: PasswordSource,
): Promise<string> {
  const password = file === undefined ? (given ?? (await ask(question, moreToCome))) : firstLine(file);
  if (password === undefined) {
    throw new Ended(EXIT.refused, `A password is needed, and there is no terminal to ask on. ${otherwise}`);
  }
  if (password === '') throw new BadPassword('The password is empty.');
  return password;
}

/** As `readPassword`, for a password that is being chosen: who types it does so twice. `check` throws where it is refused, before the second time. */
export async function chooseNewPassword(
  question: string,
  source: PasswordSource,
  check: (password: string) => void,
): Promise<string> {
  let typed = false;
  const ask: Ask = (...asked) => {
    typed = true;
    return source.ask(...asked);
  };
  const password = await readPassword(question, { ...source, ask, moreToCome: true });
  check(password);
  if (typed && (await source.ask('The same again: ')) !== password) {
    throw new BadPassword('The two passwords are not the same. Nothing was done; try again.');
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
