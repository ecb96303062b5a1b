// What a profile needs from time to time: expired messages deleted, sealed bytes forgotten that no late slot can need any more.
import { HOUR_MS, LATE_SLOT_MAX_MS } from '#protocol/limits.ts';
import type { Clock, Timers } from './platform.ts';
import type { Profile } from './profile/profile.ts';

export type UpkeepDeps = {
  readonly profile: Profile;
  readonly clock: Clock;
  readonly timers: Timers;
  failed(error: unknown): void;
};

/** Does it now and every hour; returns what stops it. */
export function startUpkeep(deps: UpkeepDeps): () => void {
  const { profile, clock, timers, failed } = deps;
  let cancel = () => {};
  const run = () => {
    const now = clock.now();
    const { history, sending } = profile;
    Promise.all([history.deleteExpired(now), sending.forgetSealed(now - 2 * LATE_SLOT_MAX_MS)]).catch(failed);
    cancel = timers.after(HOUR_MS, run);
  };
  run();
  return () => cancel();
}
