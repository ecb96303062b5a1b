// Performs what a turn decided. It is the only place that knows the order of a turn (actor.ts), and what follows one while later turns
// run: each turn's effects are relayed at once, its removals and settling wait for those of the turns before.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActorKind } from '#protocol/commands.ts';
import type { Bus, Delivery } from '../bus/bus.ts';
import type { Signals } from '../signals.ts';
import type { ActorType, Plan, Tell } from './actor.ts';
import type { Slot } from './slot.ts';
import { Stopped } from './tenure.ts';

/** At the end, what follows turns is given this long. Relayed effects need the disk, and that may be full for good. */
const END_PATIENCE_MS = 2_000;

const NOTHING = { effects: [], removals: [] };

/** What the host does with what comes of a plan later. */
export interface PlanFollower<K extends ActorKind, W, R, E> {
  result(slot: Slot<K, W, R, E>, result: E): void;
  /** The slot has just become doubtful. */
  doubt(slot: Slot<K, W, R, E>): void;
}

export class Performer<K extends ActorKind, W, R, E> {
  readonly #type: ActorType<K, W, R, E>;
  readonly #bus: Bus;
  readonly #signals: Signals;
  readonly #log: Logger;
  readonly #follower: PlanFollower<K, W, R, E>;
  #following = 0;
  #whenQuiet: (() => void) | undefined;

  constructor(
    deps: { type: ActorType<K, W, R, E>; bus: Bus; signals: Signals; log: Logger },
    follower: PlanFollower<K, W, R, E>,
  ) {
    this.#type = deps.type;
    this.#bus = deps.bus;
    this.#signals = deps.signals;
    this.#log = deps.log;
    this.#follower = follower;
  }

  /** All of a plan. Throws what the store throws that no repetition mends, Conflict above all, and Stopped. */
  async perform(slot: Slot<K, W, R, E>, plan: Plan<W, R>): Promise<void> {
    const { writes, effects } = plan;
    if (writes?.length) await slot.tenure.persist(slot.key, () => this.#type.write(slot.key, writes));
    if (effects?.length) await slot.tenure.persist(slot.key, () => this.#bus.publish(effects));
    this.finish(slot, plan);
  }

  /** A plan whose writes and effects are done. Returns at once; what is to come afterwards has begun. */
  finish(slot: Slot<K, W, R, E>, plan: Plan<W, R>): void {
    this.tell(plan.tells);
    if (plan.told) for (const command of plan.told) this.#bus.tell(command);
    if (plan.signals) for (const signal of plan.signals) this.#signals.send(signal);
    if (plan.settled && plan.settled.length > 0) {
      if (slot.following === 0) this.#settle(slot, plan.settled);
      else slot.afterwards = this.#follow(slot, { ...NOTHING, settled: plan.settled }, slot.afterwards);
    }
    if (plan.afterwards) slot.afterwards = this.#follow(slot, plan.afterwards, slot.afterwards);
    if (plan.reads) for (const read of plan.reads) void this.#read(slot, read);
    slot.wakeAt = plan.wakeAt;
  }

  tell(tells: readonly Tell[] | undefined): void {
    if (tells) for (const { inbox, message } of tells) this.#bus.send(inbox, message);
  }

  /** Waits for what follows the turns, a while. What is not done then is about something that is still in the queue or the store. */
  async end(): Promise<void> {
    if (this.#following === 0) return;
    const patience = new AbortController();
    const quiet = new Promise<void>((resolve) => (this.#whenQuiet = resolve));
    await Promise.race([quiet, sleep(END_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {})]);
    patience.abort();
  }

  #settle(slot: Slot<K, W, R, E>, settled: readonly Delivery[]): void {
    for (const delivery of settled) {
      slot.unsettled.delete(delivery);
      delivery.settle();
    }
  }

  async #follow(
    slot: Slot<K, W, R, E>,
    { effects, removals, settled }: NonNullable<Plan<W, R>['afterwards']>,
    before: Promise<void> | undefined,
  ): Promise<void> {
    this.#following += 1;
    slot.following += 1;
    try {
      try {
        if (effects.length > 0) await slot.tenure.persist(slot.key, () => this.#bus.relay(effects));
      } finally {
        await before;
      }
      // Where an earlier turn's removal failed, this turn's might remove what that one had still to tell of.
      if (slot.doubtful) return;
      if (removals.length > 0) await slot.tenure.persist(slot.key, () => this.#type.write(slot.key, removals));
      this.#settle(slot, settled);
    } catch (error) {
      this.#doubt(slot, error, 'what follows a turn failed');
    } finally {
      slot.following -= 1;
      if (slot.following === 0) slot.afterwards = undefined;
      this.#following -= 1;
      if (this.#following === 0) this.#whenQuiet?.();
    }
  }

  async #read(slot: Slot<K, W, R, E>, read: R): Promise<void> {
    let result: E | undefined;
    try {
      result = await slot.tenure.persist(slot.key, async () => this.#type.read?.(slot.key, read));
    } catch (error) {
      return this.#doubt(slot, error, 'a read failed');
    }
    if (result !== undefined) this.#follower.result(slot, result);
  }

  /** Nothing is lost by it: what was not settled is given to the actor again, what was not removed is found when it is loaded. */
  #doubt(slot: Slot<K, W, R, E>, error: unknown, what: string): void {
    slot.doubtful = true;
    if (error instanceof Stopped) return;
    this.#log.error({ kind: this.#type.kind, key: slot.key, err: error }, what);
    this.#follower.doubt(slot);
  }
}
