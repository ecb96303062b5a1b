// The place of one actor in its host: its memory, if it is loaded, what waits for it, and what was begun and has not ended.
import type { ActorKind } from '#protocol/commands.ts';
import type { Delivery } from '../bus/bus.ts';
import type { Actor, Incoming } from './actor.ts';
import type { Tenure } from './tenure.ts';

export type Slot<K extends ActorKind, W, R, E> = {
  readonly key: string;
  /** The owning of its partition, which it does not outlive. */
  readonly tenure: Tenure;
  actor: Actor<K, W, R, E> | undefined;
  waiting: Incoming<K, E>[];
  /** Given to the actor and not settled, oldest first: what it must be given again if its memory is dropped. */
  readonly unsettled: Set<Delivery>;
  running: boolean;
  /** What its running turn was given. */
  batch: readonly Incoming<K, E>[];
  /** The end of the turns that run, or ran last. It never rejects. */
  whenRun: Promise<void> | undefined;
  /** The end of what follows its turns, and how many turns are followed. It never rejects. */
  afterwards: Promise<void> | undefined;
  following: number;
  /** Something that its memory counts on was not done, and never will be: the memory is dropped before the next turn. */
  doubtful: boolean;
  wakeAt: number | undefined;
  usedAt: number;
};

export function newSlot<K extends ActorKind, W, R, E>(key: string, tenure: Tenure, now: number): Slot<K, W, R, E> {
  return {
    key,
    tenure,
    actor: undefined,
    waiting: [],
    unsettled: new Set(),
    running: false,
    batch: [],
    whenRun: undefined,
    afterwards: undefined,
    following: 0,
    doubtful: false,
    wakeAt: undefined,
    usedAt: now,
  };
}
