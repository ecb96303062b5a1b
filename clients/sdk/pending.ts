// Requests that wait for their answer: each gets a number, exactly one answer, or the end of its time or connection.
import { Unavailable } from '#protocol/errors.ts';
import type { RequestType } from '#protocol/frames/client.ts';
import type { Answer } from '#protocol/frames/server.ts';
import type { Timers } from './platform.ts';

export type Pending = {
  readonly type: RequestType;
  readonly resolve: (answer: Answer<RequestType>) => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimer: () => void;
};

export class PendingRequests {
  readonly #timers: Timers;
  readonly #waiting = new Map<number, Pending>();
  #nextId = 1;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Numbers a request and hands it to `send`. `timeoutMs` undefined: it waits as long as the connection lasts. */
  open<T extends RequestType>(type: T, timeoutMs: number | undefined, send: (id: number) => void): Promise<Answer<T>> {
    const id = this.#nextId++;
    return new Promise<Answer<T>>((resolve, reject) => {
      const expire = () => {
        this.#waiting.delete(id);
        reject(new Unavailable('The server did not answer in time.'));
      };
      const cancelTimer = timeoutMs === undefined ? () => {} : this.#timers.after(timeoutMs, expire);
      // `resolve` gets only what the connection has parsed for the type under which it is stored here.
      this.#waiting.set(id, { type, resolve: resolve as Pending['resolve'], reject, cancelTimer });
      send(id);
    });
  }

  /** The request that this answers. `late`: its time was over. `never`: there was no such request. */
  take(re: number): Pending | 'late' | 'never' {
    const pending = this.#waiting.get(re);
    if (pending === undefined) return re < this.#nextId ? 'late' : 'never';
    this.#waiting.delete(re);
    pending.cancelTimer();
    return pending;
  }

  /** Nothing will be answered any more. */
  fail(error: Error): void {
    for (const { cancelTimer, reject } of this.#waiting.values()) {
      cancelTimer();
      reject(error);
    }
    this.#waiting.clear();
  }
}
