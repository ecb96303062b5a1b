// The time for which this instance owns a partition. While it lasts, what its actors need of store and bus is tried until it works:
// while one is away or full, the same attempt is repeated with backoff, in place. When it ends, nothing is tried again.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActorKind } from '#protocol/commands.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { TurnObserver } from './turn-observer.ts';

export const RETRY_FIRST_MS = 50;
export const RETRY_MAX_MS = 5_000;

/** The partition was lost or the host stopped while something waited for a store: its next owner does it again. */
export class Stopped extends Error {}

/** Whether the same may succeed later, unchanged. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unavailable || (error instanceof RequestError && error.retry);
}

export class Tenure {
  readonly epoch: number;
  /** Somebody else is to have the partition: no turn begins any more, but those that run are finished. */
  leaving = false;
  /** Resolves when it ends. */
  readonly whenStopped: Promise<unknown>;
  readonly #kind: ActorKind;
  readonly #log: Logger;
  readonly #observer: Pick<TurnObserver, 'repeated'>;
  readonly #stop = new AbortController();
  #lost = false;

  constructor(kind: ActorKind, epoch: number, log: Logger, observer: Pick<TurnObserver, 'repeated'>) {
    this.#kind = kind;
    this.epoch = epoch;
    this.#log = log;
    this.#observer = observer;
    const { signal } = this.#stop;
    this.whenStopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The process ends: every pause does, too, and what waited is tried one last time. */
  stop(): void {
    this.#stop.abort();
  }

  /** The partition is lost: nothing more is tried for it. */
  lose(): void {
    this.#lost = true;
    this.#stop.abort();
  }

  /** Resolves as the attempt does. Throws what the attempt throws and no repetition would mend, and Stopped. */
  async persist<T>(key: string, attempt: () => Promise<T>): Promise<T> {
    for (let wait = RETRY_FIRST_MS; ; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      if (this.#lost) throw new Stopped();
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (this.stopped) throw new Stopped();
        this.#log.warn({ kind: this.#kind, key, reason: String(error), wait }, 'trying again');
        this.#observer.repeated(this.#kind);
        await this.pause(wait);
      }
    }
  }

  /** Waits, at most until it is stopped. */
  pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
