// Signing in on a new device: OPAQUE proves the password, and the vault is the reward. No session comes of it: a session needs a
// device's signature, and a device enters the log only by the identity in the vault.
import { encodeBase64 } from '#protocol/base64.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { ACCOUNT_LOG_PAGE_ENTRIES } from '#protocol/limits.ts';
import type { AuthContext, AuthState, Outcome } from './state.ts';
import { inWords, judgeTry, NO_TRIES } from './throttle.ts';

const TICKET_BYTES = 16;
const UNKNOWN_LOGIN = 'The server knows nothing of this sign-in any more. Try again.';

/**
 * `login.start`: a try, until its finish succeeds. Known and unknown names take the same steps and get the same answers.
 * Refused with `too_many_tries` and the time to wait, by account or by source; the longer wait counts.
 */
export function startLogin(
  state: AuthState,
  { frame, source }: { readonly frame: ClientFrameOf<'login.start'>; readonly source: string },
  context: AuthContext,
  now: number,
): Outcome<'login.start'> {
  const { address, account } = state;
  const own = judgeTry(state.tries, now, context.accountRule);
  const from = context.sources.judge(source, now);
  if (!own.allowed || !from.allowed) {
    const wait = Math.max(own.allowed ? 0 : own.retryAfterMs, from.allowed ? 0 : from.retryAfterMs);
    const refusal = new RequestError('too_many_tries', `Too many tries. Try again in ${inWords(wait)}.`, wait);
    return own.allowed ? { refusal } : { refusal, state: { ...state, tries: own.tries } };
  }
  const credentials = account?.status === 'open' ? account : undefined;
  const { state: opaqueState, response } = context.opaque.startLogin(address, credentials, frame.request);
  const login = encodeBase64(context.random(TICKET_BYTES));
  context.sources.remember(source, from.tries);
  context.logins.add(login, {
    address,
    source,
    state: opaqueState,
    userIdentifier: credentials?.userIdentifier,
    startedAt: now,
    outcome: 'open',
  });
  return { answer: { login, response, triesLeft: own.triesLeft }, state: { ...state, tries: own.tries } };
}

/**
 * `login.finish`: vault and account log for who proved the password; the account's tries are forgotten, the source's one is taken
 * back. `unavailable` for a sign-in that this instance does not remember: it says nothing of name or password, and its try counts on. Everything
 * else is `login_failed`, whatever was wrong. A finish that failed ends its sign-in.
 */
export function finishLogin(
  state: AuthState,
  frame: ClientFrameOf<'login.finish'>,
  context: AuthContext,
  now: number,
): Outcome<'login.finish'> {
  const { address, account } = state;
  const login = context.logins.find(frame.login, address, now);
  if (!login) throw new RequestError('unavailable', UNKNOWN_LOGIN);
  const proved = login.outcome !== 'failed' && context.opaque.finishLogin(address, login.state, frame.finish);
  // Another password since the start: the vault would not open any more.
  const current = account?.status === 'open' && account.userIdentifier === login.userIdentifier;
  if (!proved || !current) {
    login.outcome = 'failed';
    throw new RequestError('login_failed');
  }
  if (login.outcome === 'open') context.sources.takeBack(login.source);
  login.outcome = 'succeeded';
  const { vault, log } = account;
  return {
    answer: { vault, entries: log.slice(0, ACCOUNT_LOG_PAGE_ENTRIES), length: log.length },
    ...(state.tries.count === 0 ? {} : { state: { ...state, tries: NO_TRIES } }),
  };
}
