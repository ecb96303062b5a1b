// The account log, read by everybody and extended by its identity: devices enrolled and revoked.
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { ACCOUNT_LOG_PAGE_ENTRIES } from '#protocol/limits.ts';
import { extendLog, isRepeated, readEntry } from './entries.ts';
import { type AuthState, type Outcome, openAccount } from './state.ts';

/** `log.get`: the entries after the first `after`, a page of them, and how many there are in all. RequestError `unknown_user`. */
export function getLog(state: AuthState, { after }: ClientFrameOf<'log.get'>): Outcome<'log.get'> {
  const { log } = openAccount(state).account;
  return { answer: { entries: log.slice(after, after + ACCOUNT_LOG_PAGE_ENTRIES), length: log.length } };
}

/**
 * `log.append`: one more device, or one less. The very same entry again is answered again. A `password` entry comes only with the
 * record and vault that it names. RequestError `unknown_user` for a deleted account, `bad_request` and those of `extendLog`; a name that
 * nobody has is answered as one whose log stands elsewhere, so that no stranger learns which names there are.
 */
export function appendToLog(state: AuthState, frame: ClientFrameOf<'log.append'>): Outcome<'log.append'> {
  const { signed, change, index } = readEntry(frame.entry);
  if (change.type === 'password') {
    throw new RequestError('bad_request', 'A password entry comes with its record and vault, in password.finish.');
  }
  if (!state.account) throw new RequestError('stale_log');
  const { account, log } = openAccount(state);
  if (isRepeated(account.log, index, frame.entry)) return { answer: {}, announce: true };
  const extended = extendLog(log, signed, state.address);
  return {
    answer: {},
    announce: true,
    state: { ...state, account: { ...account, log: [...account.log, frame.entry] }, log: extended },
  };
}
