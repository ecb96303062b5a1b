// A run of chaos as it comes along: what waits for something to have happened, and what ends a run in which nothing happens any more.

/**
 * Nothing was shown to anybody for this long: something is lost, or hangs. Longer than the longest backoff of a client, and than a server, all services or twenty
 * people take to come again on a machine that does much else: meanwhile nothing is shown either.
 */
const STALL_MAX_MS = 180_000;

/** Conditions that are asked again whenever anything has happened; rejected all together when nothing happens any more. */
export class Progress {
  readonly #total: () => number;
  readonly #stalled = Promise.withResolvers<never>();
  readonly #watchdog: NodeJS.Timeout;
  #happened = Promise.withResolvers<void>();

  constructor(total: () => number, report: () => string) {
    this.#total = total;
    this.#stalled.promise.catch(() => {});
    let before = -1;
    this.#watchdog = setInterval(() => {
      if (this.#total() === before) this.#stalled.reject(new Error(report()));
      before = this.#total();
    }, STALL_MAX_MS);
  }

  made(): void {
    this.#happened.resolve();
    this.#happened = Promise.withResolvers();
  }

  async until(ready: () => boolean): Promise<void> {
    while (!ready()) await this.within(this.#happened.promise);
  }

  /** The promise, unless nothing happens any more. */
  within<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#stalled.promise]);
  }

  end(): void {
    clearInterval(this.#watchdog);
  }
}
