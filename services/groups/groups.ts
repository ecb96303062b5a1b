// Groups as the host runs them: how they are loaded and written, and when their marks are swept.
import { groupKey } from '#protocol/commands.ts';
import type { ActorType } from '#runtime/actors/actor.ts';
import { Directory } from './directory.ts';
import { Group } from './group.ts';
import { type GroupRead, type GroupResult, performRead } from './reading.ts';
import { type GroupRecord, type GroupStore, MARK_MAX_AGE_MS } from './store.ts';

/** What the key of a group's actor has before its name (protocol/commands.ts); any other key is of somebody who asks for a list. */
const GROUP_SIGN = '#';

export function groupActors(store: GroupStore): ActorType<'group', GroupRecord, GroupRead, GroupResult> {
  return {
    kind: 'group',
    async activate(key) {
      if (!key.startsWith(GROUP_SIGN)) return new Directory(key);
      const name = key.slice(GROUP_SIGN.length);
      return new Group(name, await store.load(name), store);
    },
    write: (key, records) => store.write(key.slice(GROUP_SIGN.length), records),
    read: (_key, read) => performRead(store, read),
  };
}

/** Removes marks that are too old, at every interval. Returns how to stop it. */
export function startSweeps(deps: {
  store: GroupStore;
  /** Whose groups are this instance's: the others sweep theirs. */
  owns: (key: string) => boolean;
  now: () => number;
  everyMs: number;
  onFailed: (error: unknown) => void;
}): () => void {
  const { store, owns, now, everyMs, onFailed } = deps;
  let under = Promise.resolve();
  const sweep = (): void => {
    under = under.then(() => store.sweep(now() - MARK_MAX_AGE_MS, (name) => owns(groupKey(name)))).catch(onFailed);
  };
  const timer = setInterval(sweep, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
