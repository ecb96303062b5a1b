// The time by which something may be destroyed: what has expired is deleted, what waits too long in the outbox is given up. A clock that was set
// far ahead would destroy all of it, so it is believed only as far as something else bears it out: the server's time, which alone destroys
// nothing either, or what has passed since a time that was certain.
import { DAY_MS } from '#protocol/limits.ts';
import type { Clock } from './platform.ts';

/** Since the last time that was certain, while no process of the profile was there and no server has been heard: as if nobody had set the clock. */
const AWAY_MAX_MS = DAY_MS;

export class SureTime {
  readonly #clock: Clock;
  #heard = false;
  /** A time that had come, and when that was by the monotonic clock. */
  #at: number;
  #since: number;

  /** `kept`: what `now` said in an earlier process; undefined: there was none, and there is nothing to destroy yet. */
  constructor(clock: Clock, kept: number | undefined) {
    this.#clock = clock;
    this.#at = kept ?? clock.now();
    this.#since = clock.monotonic();
  }

  /** ms since 1970, never more than the clock says. */
  now(): number {
    const local = this.#clock.now();
    const reached = this.#at + this.#clock.monotonic() - this.#since;
    if (local <= reached) return local;
    if (this.#heard || local - reached > AWAY_MAX_MS) return reached;
    this.#is(local);
    return local;
  }

  /** The server has just said what time it is, in ms since 1970. */
  heard(serverNow: number): void {
    this.#heard = true;
    this.#is(Math.min(serverNow, this.#clock.now()));
  }

  #is(time: number): void {
    this.#at = time;
    this.#since = this.#clock.monotonic();
  }
}
