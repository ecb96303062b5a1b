// Finds half-dead connections: asks a silent peer for a sign of life, and gives it up after 45 s (DESIGN section 7).
import { HEARTBEAT_INTERVAL_MS, HEARTBEAT_TIMEOUT_MS } from '#protocol/limits.ts';
import type { Clock, Timers } from './platform.ts';

export type HeartbeatDeps = {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Asks the peer for an answer; not called again while one is awaited. */
  ping(): void;
  /** Nothing was heard for 45 s. */
  lost(): void;
};

export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #lastHeard: number;
  #asked = false;
  #cancel = () => {};

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
    this.#lastHeard = deps.clock.monotonic();
  }

  /** Anything came. */
  heard(): void {
    this.#lastHeard = this.#deps.clock.monotonic();
    this.#asked = false;
  }

  start(): void {
    const silentMs = this.#deps.clock.monotonic() - this.#lastHeard;
    if (silentMs >= HEARTBEAT_TIMEOUT_MS) return this.#deps.lost();
    const quiet = silentMs >= HEARTBEAT_INTERVAL_MS;
    if (quiet && !this.#asked) {
      this.#asked = true;
      this.#deps.ping();
    }
    const nextMs = (quiet ? HEARTBEAT_TIMEOUT_MS : HEARTBEAT_INTERVAL_MS) - silentMs;
    this.#cancel = this.#deps.timers.after(nextMs, () => this.start());
  }

  stop(): void {
    this.#cancel();
  }
}
