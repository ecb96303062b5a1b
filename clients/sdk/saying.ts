// Says something to a session that may change at any time: one request at a time, and after it what has changed meanwhile. A refusal that bears
// repeating is repeated; what fails with the connection is said anew by the next session.
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { SECOND_MS } from '#protocol/limits.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { Timers } from './platform.ts';

/** Where the server does not say how long to wait. */
const RETRY_MS = 5 * SECOND_MS;

export type SayingDeps = {
  readonly timers: Timers;
  emit(event: ClientEvent): void;
};

export class Saying {
  readonly #deps: SayingDeps;
  readonly #request: () => Promise<unknown>;
  #running = false;
  #again = false;
  #stopped = false;
  #cancel = () => {};

  /** `request`: says what is so now. */
  constructor(deps: SayingDeps, request: () => Promise<unknown>) {
    this.#deps = deps;
    this.#request = request;
  }

  /** It is to be said, or has changed. */
  say(): void {
    this.#again = true;
    if (this.#running || this.#stopped) return;
    this.#cancel();
    this.#running = true;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#request();
      }
    } catch (error) {
      if (!this.#stopped) this.#failed(error);
    } finally {
      this.#running = false;
    }
  }

  #failed(error: unknown): void {
    if (error instanceof RequestError && error.retry) {
      this.#cancel = this.#deps.timers.after(error.retryAfterMs ?? RETRY_MS, () => this.say());
    } else if (!(error instanceof Unavailable)) {
      this.#deps.emit(trouble(error));
    }
  }
}
