// The commands of a chat as a table: help, near misses and Tab come from it, so that none can be there and not be told of.
import type { FileSource, SendResult } from '../../sdk/index.ts';
import { Ended, EXIT, usageError } from '../exit.ts';
import type { Company } from './company.ts';
import { nearMisses } from './near-miss.ts';
import type { Room } from './room.ts';
import type { Talk } from './talk.ts';
import type { Transfers } from './transfers.ts';
import { firstWord } from './typed.ts';

/** What a command may do. */
export type Chatting = Room & {
  readonly talk: Talk;
  /** All commands, in the order in which help shows them. */
  readonly commands: readonly ChatCommand[];
  readonly company: Company;
  readonly transfers: Transfers;
  /** Puts a text into the outbox for each of these, who were found. Throws as `Client.send` for a single one. */
  send(to: readonly string[], text: string): Promise<void>;
  /** Shows a file that is in the outbox now, and for whom it is not. */
  sentFile(results: readonly SendResult[], file: Pick<FileSource, 'name' | 'size'>): void;
  /** A person that this device knows, or that the server has, or a group that this device knows. Throws Ended, RequestError, Unavailable. */
  find(typed: string): Promise<string>;
  /** What is unread, by conversation and sender. */
  showUnread(): Promise<void>;
  /** The password as it holds now; `moreToCome`: another question may follow. `said`: what the question begins with. Throws Ended. */
  password(moreToCome?: boolean, said?: string): Promise<string>;
  /** The password is another one from now on. */
  passwordIs(password: string): void;
  /** Ends the chat. `erased`: there is no profile any more. */
  end(erased?: boolean): void;
};

/** `conversation`: of a person, or with `#` of a group. `path`: all that follows, as it is typed. */
export type Completed = 'person' | 'group' | 'conversation' | 'command' | 'path';

export type ChatCommand = {
  /** In lower case, without the slash. */
  readonly name: string;
  /** Its arguments, as in `USER TEXT…`; empty: none. */
  readonly usage: string;
  /** What it does, in the few words that there is room for beside others. */
  readonly brief: string;
  /** What it does: a sentence that says it alone, and what else is to be known. */
  readonly says: string;
  /** What stands behind its name in an example. */
  readonly example: string;
  /** What its words may be, one after the other. */
  readonly completes?: readonly Completed[];
  /** `rest`: what was typed behind its name. Throws what is told to the person. */
  run(chat: Chatting, rest: string): Promise<void>;
};

/** `/open USER` */
export function usageOf({ name, usage }: ChatCommand): string {
  return usage === '' ? `/${name}` : `/${name} ${usage}`;
}

/** What a typed command is. Throws Ended, which says what may have been meant, if not a text. */
export function typedCommand(commands: readonly ChatCommand[], name: string): ChatCommand {
  return findCommand(commands, name, name === '' ? '' : ' A text that begins with a slash is sent with two: //');
}

/** Throws Ended, which says what may have been meant, and `otherwise`. */
export function findCommand(commands: readonly ChatCommand[], name: string, otherwise = ''): ChatCommand {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const near = nearMisses(
    name,
    commands.map((one) => one.name),
  ).map((one) => `/${one}`);
  const meant = near.length === 0 ? 'See /help.' : `Did you mean ${near.join(' or ')}?`;
  throw new Ended(EXIT.refused, `There is no command /${name}. ${meant}${otherwise}`);
}

/** The only word of the arguments, or none where it may be absent. Throws a usage error without words: the usage line says it. */
export function oneWord(rest: string): string {
  const { word, rest: more } = firstWord(rest);
  if (word === '' || more.trim() !== '') throw usageError('');
  return word;
}

/** Throws likewise where there are arguments. */
export function noWords(rest: string): void {
  if (rest !== '') throw usageError('');
}
