// The groups service as a whole: its actors on a store and a bus, and their sweeps. Alone in a process (main.ts), or beside the others
// (services/server.ts).
import { HOUR_MS } from '#protocol/limits.ts';
import { ActorHost, type HostDeps } from '#runtime/actors/host.ts';
import type { Metrics } from '#runtime/metrics.ts';
import { groupActors, startSweeps } from './groups.ts';
import type { GroupStore } from './store.ts';

/** How often what is too old is removed; also the time after a start before the first time. */
const SWEEP_EVERY_MS = HOUR_MS;

export type Groups = {
  stopSweeps(): void;
  stop(): Promise<void>;
};

/** Takes part in owning the groups. */
export function startGroups(
  deps: Omit<HostDeps, 'observer'> & { readonly metrics: Metrics; readonly store: GroupStore },
): Groups {
  const { store, log, metrics, now } = deps;
  const host = new ActorHost({ ...deps, observer: metrics, type: groupActors(store) });
  const stopSweeps = startSweeps({
    store,
    owns: (key) => host.owns(key),
    now,
    everyMs: SWEEP_EVERY_MS,
    onFailed: (err) => log.error({ err }, 'a sweep failed'),
  });
  metrics.runs('group', host);
  return { stopSweeps, stop: () => host.stop() };
}
