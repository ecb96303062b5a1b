// Trying again what a server could not do yet: its limits are not failures of a load test, and neither is a restart.
import { setTimeout as delay } from 'node:timers/promises';
import { RequestError, Unavailable } from '../../clients/sdk/index.ts';

/** A limit is asked after again and again, but for so long; whoever does not answer for so long is away. */
const LIMITED_MAX_MS = 60 * 60_000;
const AWAY_MAX_MS = 60_000;
const AWAY_WAIT_MS = 1_000;
const LIMIT_WAIT_MS = 2_000;
/** What the gateway's door says to too many connections of one network. */
const TOO_MANY_CONNECTIONS = /\b429\b/;

export type Waiting = (reason: string, seconds: number) => void;

type Patience = {
  /** Told each time. */
  readonly waiting: Waiting;
  /** Ends a wait: then it is tried at once. */
  readonly hurry?: AbortSignal;
  /** A clock that never falls. */
  readonly nowMs: () => number;
};

/** Throws what cannot be helped by waiting, and anything after a while. */
export async function patiently<T>(act: () => Promise<T>, { waiting, hurry, nowMs }: Patience): Promise<T> {
  const since = nowMs();
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const limited = isLimit(error);
      const passing = limited || error instanceof Unavailable || (error instanceof RequestError && error.retry);
      if (!passing || nowMs() - since > (limited ? LIMITED_MAX_MS : AWAY_MAX_MS)) throw error;
      const asked = error instanceof RequestError ? error.retryAfterMs : undefined;
      const leastMs = asked ?? (limited ? LIMIT_WAIT_MS : AWAY_WAIT_MS);
      const waitMs = leastMs * (1 + Math.random() / 4); // not everybody at once
      waiting(error.message, Math.ceil(waitMs / 1_000));
      await delay(waitMs, undefined, hurry === undefined ? {} : { signal: hurry }).catch(() => {}); // it was to hurry
    }
  }
}

function isLimit(error: unknown): error is Error {
  if (error instanceof RequestError) return error.code === 'rate_limited' || error.code === 'too_many_tries';
  return error instanceof Unavailable && TOO_MANY_CONNECTIONS.test(error.message);
}
