// What is done about blobs at intervals: those whose time is over are removed, and what the others take is counted.
import type { Logger } from 'pino';
import type { Expiry } from '../expiry.ts';
import type { BlobStore } from './store.ts';
import type { Total } from './total.ts';

/** Blobs that one step of a sweep removes. */
const SWEEP_STEP_BLOBS = 100;

/**
 * None in the first interval after a start, none when the wall clock moved against the monotonic one: a wrong clock must not destroy files, as it must not
 * destroy messages. Every instance sweeps all: what another has removed is no fault. Returns how to stop it.
 */
export function startBlobSweeps(deps: {
  store: BlobStore;
  total: Total;
  expiry: Expiry;
  now: () => number;
  log: Logger;
  sweepEveryMs: number;
  countEveryMs: number;
  onSwept: (blobs: number) => void;
}): () => void {
  const { store, total, expiry, now, log, onSwept } = deps;
  let stopped = false;
  let sweeping = false;
  const sweep = async (): Promise<void> => {
    const movedMs = expiry.check();
    if (movedMs !== 0) return log.warn({ movedMs }, 'the clock moved: expired files are kept until the next sweep');
    for (let removed = SWEEP_STEP_BLOBS; removed === SWEEP_STEP_BLOBS && !stopped; ) {
      removed = await store.sweep(now(), SWEEP_STEP_BLOBS);
      onSwept(removed);
    }
  };
  const count = (): void => {
    total.count().catch((err: unknown) => log.warn({ err }, 'what files take could not be counted'));
  };
  count();
  const timers = [
    setInterval(() => {
      if (sweeping) return; // a slow store is not asked for the same twice
      sweeping = true;
      sweep()
        .catch((err: unknown) => log.error({ err }, 'a sweep of files failed'))
        .finally(() => {
          sweeping = false;
        });
    }, deps.sweepEveryMs).unref(),
    setInterval(count, deps.countEveryMs).unref(),
  ];
  return () => {
    stopped = true;
    for (const timer of timers) clearInterval(timer);
  };
}
