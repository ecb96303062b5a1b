// How often somebody may try to sign in. The server never learns whether a password was right, only that a sign-in was finished;
// so every start counts as a try until its finish succeeds (DESIGN section 4). A few tries are free, then each costs a growing delay.
// Own code and not a rate limiter's: counting down on success, delays that double and a state that the account's store keeps.

/** Starts that count, and the time of the last one (ms since 1970). */
export type Tries = { readonly count: number; readonly at: number };
export const NO_TRIES: Tries = { count: 0, at: 0 };

export type ThrottleRule = {
  readonly freeTries: number;
  /** The delay after the last free try; each further try doubles it … */
  readonly firstDelayMs: number;
  /** … up to this. */
  readonly longestDelayMs: number;
  /** So long after the last try all is forgotten. */
  readonly forgetAfterMs: number;
};

/** `tries` is what to remember from now on: the same object where nothing changed. `triesLeft`: free tries that remain after this one. */
type Verdict =
  | { readonly allowed: true; readonly tries: Tries; readonly triesLeft: number }
  | { readonly allowed: false; readonly tries: Tries; readonly retryAfterMs: number };

/**
 * Decides about one more try at `now` (ms since 1970). A refused try does not count: it taught its sender nothing, and counting it
 * would let anybody lock an account for ever. A clock that went back costs at most one delay, never the distance that it went.
 */
export function judgeTry(tries: Tries, now: number, rule: ThrottleRule): Verdict {
  const at = Math.min(tries.at, now);
  const count = now - at >= rule.forgetAfterMs ? 0 : tries.count;
  const retryAfterMs = at + delayAfter(count, rule) - now;
  if (retryAfterMs > 0) return { allowed: false, tries: at === tries.at ? tries : { count, at }, retryAfterMs };
  return {
    allowed: true,
    tries: { count: count + 1, at: now },
    triesLeft: Math.max(0, rule.freeTries - count - 1),
  };
}

function delayAfter(count: number, rule: ThrottleRule): number {
  if (count < rule.freeTries) return 0;
  return Math.min(rule.longestDelayMs, rule.firstDelayMs * 2 ** (count - rule.freeTries));
}

/** The tries of network sources. In memory: a restart frees them, and the accounts' own, which are stored, still hold. */
export class SourceTries {
  readonly #rule: ThrottleRule;
  readonly #max: number;
  /** In order of last use, so that the first is the one to forget. */
  readonly #sources = new Map<string, Tries>();

  constructor(rule: ThrottleRule, max: number) {
    this.#rule = rule;
    this.#max = max;
  }

  /** Decides about one more try from `source`; it counts once `remember` is given what comes back. */
  judge(source: string, now: number): Verdict {
    return judgeTry(this.#sources.get(source) ?? NO_TRIES, now, this.#rule);
  }

  /** Remembers what `judge` said. Beyond the bound the source that was quiet longest is forgotten. */
  remember(source: string, tries: Tries): void {
    this.#sources.delete(source);
    this.#sources.set(source, tries);
    if (this.#sources.size <= this.#max) return;
    for (const oldest of this.#sources.keys()) {
      this.#sources.delete(oldest);
      return;
    }
  }

  /** One try succeeded: it does not count any more. Earlier failures do, or an own account would buy tries on others. */
  takeBack(source: string): void {
    const tries = this.#sources.get(source);
    if (!tries) return;
    if (tries.count <= 1) this.#sources.delete(source);
    else this.#sources.set(source, { ...tries, count: tries.count - 1 });
  }
}

/** A waiting time as a person says it, rounded up. */
export function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  const minutes = Math.ceil(seconds / 60);
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}
