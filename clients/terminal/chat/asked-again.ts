// Passwords in a chat: what was refused is asked for again in the same place, so that what a person types once more is no message.
import { Refusal } from '../../sdk/index.ts';
import { visible } from '../escape.ts';
import { endOf } from '../exit.ts';
import { BadPassword } from '../password.ts';
import type { Chatting } from './commands.ts';

const TRIES = 3;

/**
 * Does `act`, and does it again with what else is typed where a password was refused: three times at most. `said`: what its question begins with. Throws
 * what `act` threw last.
 */
export async function askedAgain<T>(
  { settings }: Pick<Chatting, 'settings'>,
  act: (said: string) => Promise<T>,
): Promise<T> {
  const typed = settings.password === undefined && settings.passwordFile === undefined;
  for (let said = '', tries = 1; ; tries++) {
    try {
      return await act(said);
    } catch (error) {
      if (!typed || tries === TRIES || !isAboutPassword(error)) throw error;
      said = `${visible(endOf(error).sentence)}\n`;
    }
  }
}

function isAboutPassword(error: unknown): boolean {
  if (error instanceof Refusal) return error.reason === 'wrong_password' || error.reason === 'weak_password';
  return error instanceof BadPassword;
}
