// Signing up: OPAQUE's registration, then record, vault and the first entry of the account log in one write.
import { encodeBase64 } from '#protocol/base64.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { extendLog, isRepeated, readEntry } from './entries.ts';
import { admit } from './invitations.ts';
import type { AuthContext, AuthState, Outcome } from './state.ts';
import { NO_TRIES } from './throttle.ts';

const TICKET_BYTES = 16;

/**
 * `signup.start`: keeps nothing, because the ticket comes back with the finish. RequestError `sign_up_closed`; `name_taken` where anybody
 * may sign up: elsewhere the finish says it, to those who may.
 */
export function startSignUp(
  state: AuthState,
  frame: ClientFrameOf<'signup.start'>,
  context: AuthContext,
): Outcome<'signup.start'> {
  if (context.signUp.policy === 'closed') throw new RequestError('sign_up_closed');
  if (state.account && context.signUp.policy === 'open') throw new RequestError('name_taken');
  return { answer: startRegistration(state.address, frame.request, context) };
}

/** The first step of any registration, of a new account or a new password: a fresh ticket and OPAQUE's response. */
export function startRegistration(address: string, request: string, { opaque, random }: AuthContext) {
  const registration = encodeBase64(random(TICKET_BYTES));
  const userIdentifier = opaque.registrationIdentifier(address, registration);
  return { registration, response: opaque.registrationResponse(userIdentifier, request) };
}

/**
 * `signup.finish`: the account, if the name is still free and everything verifies. The same request again is answered again.
 * `used`: hashes of invitations known to be used. RequestError of `admit`, before anything about the name is told; `name_taken`,
 * `bad_signature`.
 */
export function finishSignUp(
  state: AuthState,
  frame: ClientFrameOf<'signup.finish'>,
  context: AuthContext,
  used: ReadonlySet<string>,
  now: number,
): Outcome<'signup.finish'> {
  const { address, account } = state;
  const { record, vault, entry, registration } = frame;
  // Record and vault too: entry 0 is public, and who brings another password must not be told that it was set.
  const same = account?.status === 'open' && account.record === record && account.vault === vault;
  if (same && isRepeated(account.log, 0, entry)) return { answer: {}, announce: true };
  const invitation = admit(context.signUp, frame.invitation, used, now);
  if (account) throw new RequestError('name_taken');
  const log = extendLog(undefined, readEntry(entry).signed, address);
  const userIdentifier = context.opaque.registrationIdentifier(address, registration);
  context.opaque.checkRecord(address, { userIdentifier, record });
  return {
    answer: {},
    announce: true,
    state: { address, account: { status: 'open', userIdentifier, record, vault, log: [entry] }, log, tries: NO_TRIES },
    ...(invitation === undefined ? {} : { invitation }),
  };
}
