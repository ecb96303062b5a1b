// Delivery as a whole: its actors on a store and a bus, and their sweeps. Alone in a process (main.ts), or beside the others
// (services/server.ts).
import { ActorHost, type HostDeps } from '#runtime/actors/host.ts';
import type { Settings } from '#runtime/config.ts';
import type { Metrics } from '#runtime/metrics.ts';
import { Backlog } from './backlog.ts';
import { type deliverySettings, mailboxRules } from './config.ts';
import { measureMailboxes, noCounts } from './counts.ts';
import { Expiry } from './expiry.ts';
import { HoldBudget, measureHeld } from './held.ts';
import { mailboxActors, startSweeps } from './mailboxes.ts';
import type { MailboxStore } from './store.ts';

export type Delivery = {
  stopSweeps(): void;
  stop(): Promise<void>;
};

/** Takes part in owning the mailboxes. `monotonic`: ms that no clock change moves. */
export function startDelivery(
  deps: Omit<HostDeps, 'observer'> & {
    readonly metrics: Metrics;
    readonly store: MailboxStore;
    readonly monotonic: () => number;
  },
  settings: Settings<typeof deliverySettings>,
): Delivery {
  const { store, bus, log, metrics, now, monotonic } = deps;
  const expiry = new Expiry(now, monotonic);
  const counts = noCounts();
  const budgets = Array.from({ length: bus.partitions }, () => new HoldBudget());
  const host = new ActorHost({
    ...deps,
    observer: metrics,
    type: mailboxActors(store, mailboxRules(settings), expiry, counts, budgets),
  });
  const stopSweeps = startSweeps({
    store,
    bus,
    owns: (user) => host.owns(user),
    everyMs: settings.sweepEveryMs,
    expiry,
    onSkipped: (movedMs) => log.warn({ movedMs }, 'the clock moved: expired messages are kept until the next sweep'),
    onFailed: (err) => log.error({ err }, 'a sweep failed'),
  });
  const backlog = new Backlog({
    store,
    partitions: bus.partitions,
    owned: () => host.owned,
    everyMs: settings.countEveryMs,
    now,
    monotonic,
    onFailed: (err) => log.warn({ err }, 'what is stored could not be counted'),
  });
  backlog.start();
  metrics.runs('mailbox', host);
  measureMailboxes(metrics, counts);
  measureHeld(metrics, budgets);
  backlog.measure(metrics);
  return {
    stopSweeps() {
      stopSweeps();
      backlog.stop();
    },
    stop: () => host.stop(),
  };
}
