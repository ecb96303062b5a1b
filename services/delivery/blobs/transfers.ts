// The bodies that go in and out: so many at a time, and of one device and one account so many, because each holds a socket, a file and some memory.
import { RequestError } from '#protocol/errors.ts';
import { SECOND_MS } from '#protocol/limits.ts';
import type { Ticket } from '#runtime/tickets.ts';

/** Some 2 MiB each, most of it what the store writes or reads at a time. */
const TRANSFERS_MAX = 64;
/** So that none alone takes all, whatever it does not read. An account has more devices than there is room for. */
const TRANSFERS_PER_DEVICE_MAX = 8;
const TRANSFERS_PER_ACCOUNT_MAX = 16;
const BUSY_WAIT_MS = SECOND_MS;

export class Transfers {
  readonly #devices = new Counts();
  readonly #accounts = new Counts();
  #open = 0;
  #closing = false;
  #onEmpty: (() => void) | undefined;

  get open(): number {
    return this.#open;
  }

  /** Lets one of a device of an account begin; returns what ends it. Throws RequestError `busy`, `rate_limited` or, at the end of the process, `unavailable`. */
  begin({ address, device }: Pick<Ticket, 'address' | 'device'>): () => void {
    if (this.#closing) throw new RequestError('unavailable');
    if (this.#open >= TRANSFERS_MAX) throw new RequestError('busy', undefined, BUSY_WAIT_MS);
    const tooMany =
      this.#devices.of(device) >= TRANSFERS_PER_DEVICE_MAX || this.#accounts.of(address) >= TRANSFERS_PER_ACCOUNT_MAX;
    if (tooMany) {
      throw new RequestError('rate_limited', 'Too many files at a time. Wait until one is done.', BUSY_WAIT_MS);
    }
    this.#open += 1;
    this.#devices.add(device, 1);
    this.#accounts.add(address, 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#open -= 1;
      this.#devices.add(device, -1);
      this.#accounts.add(address, -1);
      if (this.#open === 0) this.#onEmpty?.();
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
}

/** By name; those of 0 take no memory. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string, some: number): void {
    const count = this.of(name) + some;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}
