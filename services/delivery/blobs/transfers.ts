// The bodies that go in and out: so many at a time, and of one device so many, because each holds a socket, a file and some memory.
import { RequestError } from '#protocol/errors.ts';
import { SECOND_MS } from '#protocol/limits.ts';

/** Some 2 MiB each, most of it what the store writes or reads at a time. */
const TRANSFERS_MAX = 64;
/** So that none alone takes all, whatever it does not read. */
const TRANSFERS_PER_DEVICE_MAX = 8;
const BUSY_WAIT_MS = SECOND_MS;

export class Transfers {
  readonly #devices = new Map<string, number>();
  #open = 0;
  #closing = false;
  #onEmpty: (() => void) | undefined;

  get open(): number {
    return this.#open;
  }

  /** Lets one of a device begin; returns what ends it. Throws RequestError `busy`, `rate_limited` or, at the end of the process, `unavailable`. */
  begin(device: string): () => void {
    if (this.#closing) throw new RequestError('unavailable');
    if (this.#open >= TRANSFERS_MAX) throw new RequestError('busy', undefined, BUSY_WAIT_MS);
    const own = this.#devices.get(device) ?? 0;
    if (own >= TRANSFERS_PER_DEVICE_MAX) {
      throw new RequestError('rate_limited', 'Too many files at a time. Wait until one is done.', BUSY_WAIT_MS);
    }
    this.#open += 1;
    this.#devices.set(device, own + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#end(device);
    };
  }

  /** Begins no more. Resolves once none is open. */
  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      if (this.#open === 0) return resolve();
      this.#onEmpty = resolve;
    });
  }

  #end(device: string): void {
    this.#open -= 1;
    const own = (this.#devices.get(device) ?? 0) - 1;
    if (own > 0) this.#devices.set(device, own);
    else this.#devices.delete(device);
    if (this.#open === 0) this.#onEmpty?.();
  }
}
