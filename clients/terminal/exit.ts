// How a command ends: its exit status, and the sentence for whatever stopped it. A person never sees a stack trace.
import { CommanderError } from 'commander';
import { ProfileError, Refusal, RequestError, Unavailable, Unreachable } from '../sdk/index.ts';

export const EXIT = { done: 0, refused: 1, usage: 2, timeout: 3, unreachable: 4 } as const;
/** What a shell reports for a program that a signal ended: 128 and the signal's number. */
const EXIT_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof EXIT_SIGNAL;

/** The command ends with this status, after its sentence, if it has one. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly status: number;

  constructor(status: number, message = '') {
    super(message);
    this.status = status;
  }
}

/** Wrong arguments. */
export function usageError(message: string): Ended {
  return new Ended(EXIT.usage, message);
}

/** The person (Ctrl-C) or the system asked the command to end: nothing is said about it. */
export function interrupted(signal: EndSignal): Ended {
  return new Ended(EXIT_SIGNAL[signal]);
}

/** What it was that ended a command. */
export function signalOf(ending: AbortSignal): EndSignal {
  const { reason } = ending;
  return reason === 'SIGTERM' || reason === 'SIGHUP' ? reason : 'SIGINT';
}

/** Whoever read the output is gone (`| head`): there is nobody to tell. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** What to type where a profile cannot be used as asked. */
const PROFILE_HINTS: Partial<Record<ProfileError['problem'], string>> = {
  missing: 'Type: npm run -s parley -- signup NAME@DOMAIN (or login NAME@DOMAIN; --profile DIR for another place).',
  exists: 'Each account of this machine has its own: give --profile DIR.',
};

const SERVER_HINT = 'Give another with --server URL.';

/** Codes of an answering server that cannot do its work at present. */
const AWAY_CODES: readonly string[] = ['unavailable', 'busy'];

/** The exit status and the sentence (empty: none) for anything that was thrown. */
export function endOf(error: unknown): { readonly status: number; readonly sentence: string } {
  if (error instanceof Ended) return { status: error.status, sentence: error.message };
  if (error instanceof OutputClosed) return { status: EXIT.done, sentence: '' };
  // Commander has written its own sentence already.
  if (error instanceof CommanderError) return { status: error.exitCode === 0 ? EXIT.done : EXIT.usage, sentence: '' };
  if (error instanceof Unreachable) return { status: EXIT.unreachable, sentence: `${error.message} ${SERVER_HINT}` };
  if (error instanceof Unavailable) return { status: EXIT.unreachable, sentence: sentenceOf(error.message) };
  if (error instanceof RequestError) {
    const status = AWAY_CODES.includes(error.code) ? EXIT.unreachable : EXIT.refused;
    const { retryAfterMs } = error;
    const said = /\bTry again\b/.test(error.message);
    const wait = retryAfterMs === undefined || said ? '' : ` Try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
    return { status, sentence: sentenceOf(error.message) + wait };
  }
  if (error instanceof ProfileError) {
    const hint = PROFILE_HINTS[error.problem];
    return { status: EXIT.refused, sentence: hint === undefined ? error.message : `${error.message} ${hint}` };
  }
  if (error instanceof Refusal) return { status: EXIT.refused, sentence: sentenceOf(error.message) };
  return { status: EXIT.refused, sentence: unexpected(error) };
}

/** With a full stop, as a sentence has. */
export function sentenceOf(message: string): string {
  return /[.!?)]$/.test(message) ? message : `${message}.`;
}

function unexpected(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return 'There is no disk space left. Make room, then try again; nothing is lost.';
  }
  return sentenceOf(`This should not have happened: ${reason}`);
}
