// A new password: another registration, another vault, and the log entry that names both, in one write. Other devices stay.
import { decodeBase64 } from '#protocol/base64.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { H } from '#protocol/hash.ts';
import { extendLog, isRepeated, readEntry } from './entries.ts';
import { startRegistration } from './sign-up.ts';
import { type AuthContext, type AuthState, type Outcome, openAccount } from './state.ts';

/** `password.start`, within a session. RequestError `unknown_user`. */
export function startPassword(
  state: AuthState,
  frame: ClientFrameOf<'password.start'>,
  context: AuthContext,
): Outcome<'password.start'> {
  openAccount(state);
  return { answer: startRegistration(state.address, frame.request, context) };
}

/**
 * `password.finish`, within a session. The entry must name exactly this record (H of its bytes) and this vault; its version and
 * signature are checked with the chain. The same request again is answered again. RequestError `unknown_user`, `bad_request`,
 * `bad_signature` and those of `extendLog`.
 */
export function finishPassword(
  state: AuthState,
  frame: ClientFrameOf<'password.finish'>,
  context: AuthContext,
): Outcome<'password.finish'> {
  const { account, log } = openAccount(state);
  const { registration, record, vault, entry } = frame;
  const { signed, change, index } = readEntry(entry);
  if (change.type !== 'password') throw new RequestError('bad_request', 'A new password needs a password entry.');
  if (
    !equalBytes(change.record, H(Buffer.from(record, 'base64url'))) ||
    !equalBytes(change.vault, H(decodeBase64(vault)))
  ) {
    throw new RequestError('bad_request', 'The password entry names another record or vault.');
  }
  if (isRepeated(account.log, index, entry)) return { answer: {}, announce: true };
  const extended = extendLog(log, signed, state.address);
  const userIdentifier = context.opaque.registrationIdentifier(state.address, registration);
  context.opaque.checkRecord(state.address, { userIdentifier, record });
  return {
    answer: {},
    announce: true,
    state: {
      ...state,
      account: { status: 'open', userIdentifier, record, vault, log: [...account.log, entry] },
      log: extended,
    },
  };
}
