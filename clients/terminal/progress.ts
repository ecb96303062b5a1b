// What became of the messages of one `send`: how many are accepted, which are not yet, and whether anything moves at all.
import type { Client, ClientEvent } from '../sdk/index.ts';
import { Wake } from './wake.ts';

/** Messages that may wait for the server before more of standard input is read. */
const WINDOW_MESSAGES = 1_024;
/** How often to look whether another process of this profile has sent what waits here. */
const CHECK_INTERVAL_MS = 500;

/** `message`: why it will not be sent, as a sentence. */
export type Outcome = {
  readonly id: string;
  readonly to: string;
  readonly accepted: boolean;
  readonly message?: string;
};

export class Progress {
  readonly #client: Client;
  readonly #timeoutMs: number;
  readonly #settled: (outcome: Outcome) => void;
  readonly #wake = new Wake();
  /** Id to address, in the order of sending. */
  readonly #pending = new Map<string, string>();
  readonly #stopHearing: () => void;
  readonly #interval: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #checking = false;
  #needsServer = false;
  #total = 0;
  #accepted = 0;
  #stopped = false;

  /** `timeoutMs`: how long nothing may move while something waits for the server. `settled`: told of each message of this act, once. */
  constructor(client: Client, timeoutMs: number, settled: (outcome: Outcome) => void) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#settled = settled;
    this.#stopHearing = client.on((event) => this.#hear(event));
    this.#interval = setInterval(() => void this.#check(), CHECK_INTERVAL_MS);
  }

  /** Messages that were put into the outbox. */
  get total(): number {
    return this.#total;
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** Those that are there still. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Nothing moved for too long, or `stop` was called: nobody waits any more. */
  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    this.#wake.set();
  }

  end(): void {
    this.#stopHearing();
    clearTimeout(this.#timer);
    clearInterval(this.#interval);
  }

  /** Something comes forward that no message tells of: the time begins anew. */
  moved(): void {
    this.#arm();
  }

  /** These are in the outbox now. */
  queued(to: string, ids: readonly string[]): void {
    this.#total += ids.length;
    for (const id of ids) this.#pending.set(id, to);
    if (this.#timer === undefined) this.#arm();
  }

  /** What `work` comes to; undefined once nobody waits any more. `needsServer`: the time runs also if nothing else waits for the server. */
  async during<T>(work: Promise<T>, needsServer: boolean): Promise<T | undefined> {
    let done = false;
    const settled = work.finally(() => {
      done = true;
      this.#wake.set();
    });
    // Thrown below; once nobody waits, its failure is nobody's either.
    settled.catch(() => {});
    this.#needsServer = needsServer;
    if (this.#timer === undefined) this.#arm();
    while (!done && !this.#stopped) await this.#wake.wait();
    this.#needsServer = false;
    if (this.#pending.size === 0) this.#arm();
    return done ? settled : undefined;
  }

  /** Resolves when there is room for more, or nobody waits any more. */
  async room(): Promise<void> {
    while (this.#pending.size > WINDOW_MESSAGES && !this.#stopped) await this.#wake.wait();
  }

  /** Resolves when the server has answered for all of them, or nobody waits any more. */
  async done(): Promise<void> {
    while (this.#pending.size > 0 && !this.#stopped) await this.#wake.wait();
  }

  #hear(event: ClientEvent): void {
    if (event.type === 'accepted') this.#settle(event.id);
    else if (event.type === 'refused' || event.type === 'given_up') this.#settle(event.id, event.message);
  }

  #settle(id: string, message?: string): void {
    const to = this.#pending.get(id);
    if (to === undefined) return;
    this.#pending.delete(id);
    const accepted = message === undefined;
    if (accepted) this.#accepted++;
    this.#settled({ id, to, accepted, ...(accepted ? {} : { message }) });
    this.#arm();
    this.#wake.set();
  }

  /** What another process has sent is told by the profile alone. It is sent in order: while the oldest waits, all do. */
  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      for (const id of this.#pending.keys()) {
        const outcome = await this.#client.outcome(id);
        if (outcome === 'pending') return;
        if (outcome === 'refused' || outcome === 'given_up')
          this.#settle(id, 'Another process was told that it will not be sent.');
        else this.#settle(id);
      }
    } catch {
      // The profile is being closed: whoever closes it knows why.
    } finally {
      this.#checking = false;
    }
  }

  /** The time begins anew, while something waits for the server. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#stopped || (this.#pending.size === 0 && !this.#needsServer)) return;
    this.#timer = setTimeout(() => this.stop(), this.#timeoutMs);
  }
}
