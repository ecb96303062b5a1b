// How a command says what it is called, what it takes and what it does; main.ts brings the rest.
import type { Command } from 'commander';
import type { App } from '../app.ts';
import { PROGRAM } from '../config.ts';

/** Does what a command is for, with what its options ask for. */
export type Run = (command: Command, act: (app: App) => Promise<void>) => Promise<void>;
/** Adds one command to the program. */
export type Define = (program: Command, run: Run) => void;

/** What an argument that names a conversation takes. */
export const WITH_WHOM = "the name or name@domain of whom it is with, or of a group with # ('#team')";

/** The last lines of a command's help. `command`: all that stands behind the program's name. */
export function example(command: string): string {
  return `\nExample:\n  ${PROGRAM} ${command}`;
}
