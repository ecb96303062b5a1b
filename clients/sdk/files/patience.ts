// How long a transfer goes on trying: as long as it gets further now and then. Being offline does not count: whoever asks for a session waits for it.
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { MINUTE_MS } from '#protocol/limits.ts';
import type { Random, Timers } from '../platform.ts';
import { pause } from '../until-aborted.ts';

/** Failures in a row, without anything gained between them, after which the last one is told. With the waits between them some two minutes. */
const FAILURES_MAX = 16;
const WAIT_FIRST_MS = 250;
const WAIT_MAX_MS = 30_000;
/** No server makes a transfer wait longer than this by one refusal. */
const SERVER_WAIT_MAX_MS = MINUTE_MS;
/** What passes by itself, or with another ticket. */
const PASSING: ReadonlySet<string> = new Set(['busy', 'rate_limited', 'unavailable', 'bad_ticket']);

export class Patience {
  readonly #deps: { readonly timers: Timers; readonly random: Random };
  readonly #signal: AbortSignal;
  #failures = 0;

  constructor(deps: { readonly timers: Timers; readonly random: Random }, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Something was gained. */
  gained(): void {
    this.#failures = 0;
  }

  /** Waits before the next try. Throws `error` where no further try helps, or enough were in vain. */
  async failed(error: unknown): Promise<void> {
    const passes = error instanceof Unavailable || (error instanceof RequestError && PASSING.has(error.code));
    if (!passes || ++this.#failures >= FAILURES_MAX) throw error;
    const least = error instanceof RequestError ? Math.min(error.retryAfterMs ?? 0, SERVER_WAIT_MAX_MS) : 0;
    const bound = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (this.#failures - 1));
    const [byte = 0] = this.#deps.random(1);
    await pause(least + (bound * byte) / 256, this.#deps.timers, this.#signal);
  }
}
