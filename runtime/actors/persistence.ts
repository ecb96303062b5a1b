// What is tried until it works: while the store or the bus is away or full, the same attempt is repeated with backoff, in place.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActorKind } from '#protocol/commands.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';

export const RETRY_FIRST_MS = 50;
export const RETRY_MAX_MS = 5_000;

/** The host was stopped while something waited for a store: it is done again after the next start. */
export class Stopped extends Error {}

/** Whether the same may succeed later, unchanged. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unavailable || (error instanceof RequestError && error.retry);
}

export class Persistence {
  /** Resolves when it is stopped. */
  readonly whenStopped: Promise<unknown>;
  readonly #kind: ActorKind;
  readonly #log: Logger;
  readonly #stop = new AbortController();

  constructor(kind: ActorKind, log: Logger) {
    this.#kind = kind;
    this.#log = log;
    const { signal } = this.#stop;
    this.whenStopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Ends every pause; from now on nothing is tried again. */
  stop(): void {
    this.#stop.abort();
  }

  /** Resolves as the attempt does. Throws what the attempt throws and no repetition would mend, and Stopped. */
  async persist<T>(key: string, attempt: () => Promise<T>): Promise<T> {
    for (let wait = RETRY_FIRST_MS; ; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (this.stopped) throw new Stopped();
        this.#log.warn({ kind: this.#kind, key, reason: String(error), wait }, 'trying again');
        await this.pause(wait);
      }
    }
  }

  /** Waits, at most until it is stopped. */
  pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
