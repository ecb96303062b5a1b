// Deleting an account: by its identity, over the log's present head. All that it had goes; its name stays taken for ever, because
// whoever got it next would be taken for the person who had it.
import { accountDeletionBytes } from '#protocol/account-entry.ts';
import { decodeBase64 } from '#protocol/base64.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { verifyLabelled } from '#protocol/hash.ts';
import { type AuthState, type Outcome, openAccount } from './state.ts';
import { NO_TRIES } from './throttle.ts';

/**
 * `account.delete`, within a session. Asked again, it is answered again: the keys to check it with are gone, and so is everything
 * that it could do. RequestError `unknown_user`, `bad_signature` (also if the log has grown since it was signed).
 */
export function deleteAccount(state: AuthState, frame: ClientFrameOf<'account.delete'>): Outcome<'account.delete'> {
  if (state.account?.status === 'deleted') return { answer: {}, announce: true };
  const { log } = openAccount(state);
  const bytes = accountDeletionBytes(state.address, log.position);
  if (!verifyLabelled('account-delete', bytes, log.identity, decodeBase64(frame.signature))) {
    throw new RequestError('bad_signature');
  }
  // The entries, and one for the deletion: whoever keeps the news with the greatest length keeps this one.
  const length = log.position.index + 2;
  return {
    answer: {},
    announce: true,
    state: { ...state, account: { status: 'deleted', length }, log: undefined, tries: NO_TRIES },
  };
}
