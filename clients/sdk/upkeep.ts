// What a profile needs from time to time: expired messages deleted, sealed bytes forgotten that no late slot can need any more, and uploads that nobody went on with; and the time
// by which that is done (sure-time.ts), told apart from a clock that is wrong.
import { DAY_MS, HOUR_MS, LATE_SLOT_MAX_MS, MINUTE_MS } from '#protocol/limits.ts';
import { clockFault } from './clocks.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { Clock, Timers } from './platform.ts';
import type { Profile } from './profile/profile.ts';
import { SureTime } from './sure-time.ts';

/** What the profile keeps of the time is at most so old while it is used. */
const SURE_TIME_STEP_MS = 10 * MINUTE_MS;

/** By then the server has removed what was uploaded (PROTOCOL.md, Files). */
const UPLOAD_MAX_IDLE_MS = DAY_MS;

export type UpkeepDeps = {
  readonly profile: Profile;
  readonly clock: Clock;
  readonly timers: Timers;
  emit(event: ClientEvent): void;
};

export class Upkeep {
  readonly sureTime: SureTime;
  readonly #deps: UpkeepDeps;
  #kept: number;
  #told = false;
  #cancel = () => {};

  /** `kept`: the time that the profile has kept, if there is one. */
  constructor(deps: UpkeepDeps, kept: number | undefined) {
    this.#deps = deps;
    this.#kept = kept ?? 0;
    this.sureTime = new SureTime(deps.clock, kept);
  }

  /** Does it now, and every hour from then on. */
  run(): void {
    const { profile, timers, emit } = this.#deps;
    const now = this.sureTime.now();
    const { history, sending, uploads } = profile;
    Promise.all([
      history.deleteExpired(now),
      sending.forgetSealed(now - 2 * LATE_SLOT_MAX_MS),
      uploads.forgetAbandoned(now - UPLOAD_MAX_IDLE_MS),
    ]).catch((error: unknown) => emit(trouble(error)));
    this.#keep(now);
    this.#cancel();
    this.#cancel = timers.after(HOUR_MS, () => this.run());
  }

  /** The server has just said what time it is, in ms since 1970. A clock that is far from it is told, once. */
  timeHeard(serverNow: number): void {
    const { clock, emit } = this.#deps;
    this.sureTime.heard(serverNow);
    this.run();
    const fault = this.#told ? undefined : clockFault(clock.now(), serverNow);
    if (fault === undefined) return;
    this.#told = true;
    emit({ type: 'trouble', message: fault });
  }

  stop(): void {
    this.#cancel();
  }

  #keep(now: number): void {
    if (Math.abs(now - this.#kept) < SURE_TIME_STEP_MS) return;
    const before = this.#kept;
    this.#kept = now;
    this.#deps.profile.account.setSureTime(now).catch(() => {
      // A full disk, or a profile that is being closed: the next process believes less of its clock, and nothing is lost by that.
      this.#kept = before;
    });
  }
}
