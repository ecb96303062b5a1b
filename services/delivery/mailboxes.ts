// Mailboxes as the host runs them: how they are loaded and written, and when they are swept.
import type { ActorType } from '#runtime/actors/actor.ts';
import type { Bus } from '#runtime/bus/bus.ts';
import { partitionOf } from '#runtime/partitions.ts';
import type { MailboxRules } from './config.ts';
import type { MailboxRead, MailboxResult } from './draft.ts';
import type { Expiry } from './expiry.ts';
import type { HoldBudget } from './held.ts';
import { Mailbox, type MailboxWorld } from './mailbox.ts';
import type { MailboxStore, MailboxWrite } from './store.ts';

/** Users that one step of a sweep looks up. */
const SWEEP_PAGE_USERS = 200;

/** `budgets`: what mailboxes may hold, one for each partition. */
export function mailboxActors(
  store: MailboxStore,
  rules: MailboxRules,
  expiry: MailboxWorld['expiry'],
  counts: MailboxWorld['counts'],
  budgets: readonly HoldBudget[],
): ActorType<'mailbox', MailboxWrite, MailboxRead, MailboxResult> {
  const worlds: readonly MailboxWorld[] = budgets.map((budget) => ({ rules, budget, expiry, counts }));
  const worldOf = (user: string): MailboxWorld => worlds[partitionOf(user, worlds.length)] as MailboxWorld; // 0 … partitions − 1
  return {
    kind: 'mailbox',
    activate: async (user) => new Mailbox(user, await store.load(user), worldOf(user)),
    write: (user, writes) => store.write(user, writes),
    read: async (user, read) => ({ ...read, chunks: await store.read(user, read.from, read.before, read.limit) }),
  };
}

/**
 * Tells every mailbox that holds something to look for expired items, at every interval. None in the first interval after a start,
 * none when the wall clock moved against the monotonic one: a wrong clock must not destroy messages. Returns how to stop it.
 */
export function startSweeps(deps: {
  store: MailboxStore;
  bus: Bus;
  /** Whose mailboxes are this instance's: the others sweep theirs. */
  owns: (user: string) => boolean;
  everyMs: number;
  expiry: Expiry;
  onSkipped: (movedMs: number) => void;
  onFailed: (error: unknown) => void;
}): () => void {
  const { store, bus, owns, everyMs, expiry } = deps;
  const sweep = async (): Promise<void> => {
    const moved = expiry.check();
    if (moved !== 0) return deps.onSkipped(moved);
    for (let after = ''; ; ) {
      const users = await store.users(after, SWEEP_PAGE_USERS);
      for (const user of users) if (owns(user)) bus.tell({ kind: 'mailbox', key: user, command: { type: 'sweep' } });
      const last = users.at(-1);
      if (last === undefined) return;
      after = last;
    }
  };
  const timer = setInterval(() => void sweep().catch(deps.onFailed), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
