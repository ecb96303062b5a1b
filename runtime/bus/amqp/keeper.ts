// Keeps a link to the broker: opens one, and another one when it is lost, with a growing, jittered pause between tries.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ConfigError } from '../../config.ts';
import { ClosedAtOpen, type Link } from './link.ts';

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;
/** Tries in a row, some 5 s, that end at the opening of the virtual host: a broker that starts or stops is through with it by then. */
export const CLOSED_AT_OPEN_MAX = 7;

export type KeeperDeps = {
  /** Opens a link with all that is declared on it; `lost` is for when it ends by itself. */
  readonly open: (lost: (reason: string) => void) => Promise<Link>;
  readonly up: (link: Link) => void;
  readonly down: () => void;
  /** 0 to 1. */
  readonly jitter: () => number;
  readonly log: Logger;
};

export class Keeper {
  readonly #deps: KeeperDeps;
  readonly #end = new AbortController();
  #link: Link | undefined;
  #awaySince: number | undefined = performance.now();
  #begun = false;
  #closedAtOpen = 0;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** ms without a link. */
  get awayMs(): number {
    return this.#awaySince === undefined ? 0 : performance.now() - this.#awaySince;
  }

  /** Resolves with the first link. Throws ConfigError if the broker refuses; later refusals are waited out, with an error in the log. */
  async start(): Promise<void> {
    const { signal } = this.#end;
    for (let wait = RETRY_FIRST_MS; !signal.aborted; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      if (await this.#try(wait)) return;
      await sleep(wait * (0.5 + this.#deps.jitter() / 2), undefined, { signal }).catch(() => {});
    }
  }

  /** Opens no more. The present link is the caller's to close. */
  stop(): void {
    this.#end.abort();
  }

  async #try(wait: number): Promise<boolean> {
    const { open, up, log } = this.#deps;
    let lost: string | undefined;
    try {
      const link = await open((reason) => {
        lost = reason;
        if (this.#link) this.#lose(reason);
      });
      if (lost !== undefined) throw new Error(lost);
      if (this.#end.signal.aborted) {
        await link.close();
        return false;
      }
      this.#link = link;
      this.#awaySince = undefined;
      this.#begun = true;
      log.info('connected to RabbitMQ');
      up(link);
      return true;
    } catch (failure) {
      const error = this.#judge(failure);
      if (error instanceof ConfigError && !this.#begun) throw error;
      const level = error instanceof ConfigError ? 'error' : 'warn';
      log[level]({ reason: error instanceof Error ? error.message : String(error), wait }, 'RabbitMQ is away');
      return false;
    }
  }

  /** What is not said to be for good is, once nothing else has happened for long enough. */
  #judge(error: unknown): unknown {
    this.#closedAtOpen = error instanceof ClosedAtOpen ? this.#closedAtOpen + 1 : 0;
    return error instanceof ClosedAtOpen && this.#closedAtOpen >= CLOSED_AT_OPEN_MAX ? error.refusal : error;
  }

  #lose(reason: string): void {
    this.#link = undefined;
    this.#awaySince = performance.now();
    this.#deps.log.warn({ reason }, 'the connection to RabbitMQ is lost');
    this.#deps.down();
    if (!this.#end.signal.aborted) void this.start();
  }
}
