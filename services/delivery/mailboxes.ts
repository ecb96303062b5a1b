// Mailboxes as the host runs them: how they are loaded and written, and when they are swept.
import type { ActorType } from '#runtime/actors/actor.ts';
import type { Bus } from '#runtime/bus/bus.ts';
import type { MailboxRules } from './config.ts';
import type { MailboxRead, MailboxResult } from './draft.ts';
import { type HoldBudget, Mailbox } from './mailbox.ts';
import type { MailboxStore, MailboxWrite } from './store.ts';

/** Users that one step of a sweep looks up. */
const SWEEP_PAGE_USERS = 200;
/** A wall clock that moved this much against the monotonic one since the last sweep is not believed. */
const CLOCK_MOVED_MS = 60_000;

export function mailboxActors(
  store: MailboxStore,
  rules: MailboxRules,
): ActorType<'mailbox', MailboxWrite, MailboxRead, MailboxResult> {
  const budget: HoldBudget = { bytes: 0 };
  return {
    kind: 'mailbox',
    activate: async (user) => new Mailbox(user, await store.load(user), rules, budget),
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
  everyMs: number;
  wallClock: () => number;
  monotonic: () => number;
  onSkipped: (movedMs: number) => void;
  onFailed: (error: unknown) => void;
}): () => void {
  const { store, bus, everyMs, wallClock, monotonic } = deps;
  let offset = wallClock() - monotonic();
  const sweep = async (): Promise<void> => {
    const moved = wallClock() - monotonic() - offset;
    offset += moved;
    if (Math.abs(moved) > CLOCK_MOVED_MS) return deps.onSkipped(moved);
    for (let after = ''; ; ) {
      const users = await store.users(after, SWEEP_PAGE_USERS);
      for (const user of users) bus.tell({ kind: 'mailbox', key: user, command: { type: 'sweep' } });
      const last = users.at(-1);
      if (last === undefined) return;
      after = last;
    }
  };
  const timer = setInterval(() => void sweep().catch(deps.onFailed), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
