// Runs the actors of one kind: gives each a turn when something waits for it, one at a time, wakes those that asked for it, and
// forgets those that nobody needs. How a turn is repeated when it fails is in turns.ts, how its plan is performed in performer.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActorKind, Addressed, CommandOf } from '#protocol/commands.ts';
import type { Bus, Delivery, PartitionConsumer } from '../bus/bus.ts';
import { partitionOf } from '../partitions.ts';
import type { Signals } from '../signals.ts';
import type { ActorType, Incoming } from './actor.ts';
import { Performer } from './performer.ts';
import { newSlot, type Slot } from './slot.ts';
import { Tenure } from './tenure.ts';
import type { TurnObserver } from './turn-observer.ts';
import { type Quarantine, Turns } from './turns.ts';

/** Commands that one turn takes at most; the rest waits for the next. */
const TURN_COMMANDS_MAX = 256;
/**
 * Actors that are given a turn on one tick. A message to a group is one for a thousand mailboxes: the first members have it, and
 * answer, while the others' turns come.
 */
const TICK_TURNS_MAX = 64;
/** How exactly `wakeAt` is kept. */
const WAKE_GRAIN_MS = 50;
const FORGET_INTERVAL_MS = 60_000;
/** An idle actor that nobody addressed for this long is forgotten. */
const FORGET_AFTER_MS = 300_000;
/** What turns of a partition that is handed over have not done by then, its next owner does again. */
const HAND_OVER_PATIENCE_MS = 3_000;

/** What every host of a process shares. `now`: ms since 1970. */
export type HostDeps = {
  readonly bus: Bus;
  readonly signals: Signals;
  readonly log: Logger;
  readonly now: () => number;
  readonly observer: TurnObserver;
  readonly quarantine: Quarantine;
};

export class ActorHost<K extends ActorKind, W, R = never, E = never> implements PartitionConsumer {
  readonly #kind: K;
  readonly #log: Logger;
  readonly #observer: TurnObserver;
  readonly #now: () => number;
  readonly #bus: Bus;
  readonly #partitions: number;
  readonly #performer: Performer<K, W, R, E>;
  readonly #turns: Turns<K, W, R, E>;
  /** The partitions that this instance owns. */
  readonly #tenures = new Map<number, Tenure>();
  readonly #slots = new Map<string, Slot<K, W, R, E>>();
  readonly #ready = new Set<Slot<K, W, R, E>>();
  readonly #sleeping = new Set<Slot<K, W, R, E>>();
  readonly #timers: NodeJS.Timeout[];
  #scheduled = false;
  #running = 0;
  #stopped = false;
  #whenQuiet: (() => void) | undefined;

  constructor(deps: HostDeps & { readonly type: ActorType<K, W, R, E> }) {
    this.#kind = deps.type.kind;
    this.#log = deps.log;
    this.#observer = deps.observer;
    this.#now = deps.now;
    this.#bus = deps.bus;
    this.#partitions = deps.bus.partitions;
    this.#performer = new Performer(deps, {
      result: (slot, result) => this.#give(slot, { result }),
      doubt: (slot) => this.#makeReady(slot),
    });
    this.#turns = new Turns(deps, this.#performer);
    this.#timers = [
      setInterval(() => this.#wake(), WAKE_GRAIN_MS).unref(),
      setInterval(() => this.#forget(), FORGET_INTERVAL_MS).unref(),
    ];
    deps.bus.consume(this.#kind, this);
  }

  gained(partition: number, epoch: number): void {
    this.#tenures.set(partition, new Tenure(this.#kind, epoch, this.#log, this.#observer));
    this.#log.debug({ kind: this.#kind, partition, epoch }, 'a partition is owned');
  }

  async handOver(partition: number): Promise<void> {
    const tenure = this.#tenures.get(partition);
    if (!tenure) return;
    tenure.leaving = true;
    const patience = new AbortController();
    const late = sleep(HAND_OVER_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([Promise.all(this.#slotsOf(tenure).map((slot) => this.#leave(slot))), late]);
    patience.abort();
  }

  lost(partition: number): void {
    const tenure = this.#tenures.get(partition);
    if (!tenure) return;
    tenure.lose();
    this.#tenures.delete(partition);
    for (const slot of this.#slotsOf(tenure)) {
      slot.actor?.drop?.(); // who relied on it learns of the next owner by its epoch
      this.#slots.delete(slot.key);
      this.#ready.delete(slot);
      this.#sleeping.delete(slot);
    }
    this.#log.debug({ kind: this.#kind, partition, epoch: tenure.epoch }, 'a partition is no longer owned');
  }

  deliver(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      // The bus gives a kind's consumer commands of that kind only.
      const incoming = { command: delivery.to.command as CommandOf[K], delivery };
      const slot = this.#slot(delivery.to.key);
      if (!slot) continue; // unsettled, so it goes to the next owner
      if (delivery.poison) void this.#turns.isolate(slot, incoming, new Error('its owners did not survive it'));
      else this.#give(slot, incoming);
    }
  }

  told(command: Addressed): boolean {
    const slot = this.#slot(command.key);
    if (slot) this.#give(slot, { command: command.command as CommandOf[K] }); // as in deliver
    return slot !== undefined;
  }

  undecidedSince(): ReadonlyMap<number, number> {
    const oldest = new Map<number, number>();
    for (const slot of this.#slots.values()) {
      const since = sinceOf(slot.batch) ?? sinceOf(slot.waiting);
      if (since === undefined) continue;
      const partition = partitionOf(slot.key, this.#partitions);
      oldest.set(partition, Math.min(since, oldest.get(partition) ?? since));
    }
    return oldest;
  }

  gone(inbox: string): void {
    for (const slot of this.#slots.values()) {
      for (const command of slot.actor?.gone?.(inbox) ?? []) this.#give(slot, { command });
    }
  }

  /** Whether the actor of this key is run here. */
  owns(key: string): boolean {
    return this.#tenures.has(partitionOf(key, this.#partitions));
  }

  /** The partitions that this instance owns. */
  get owned(): readonly number[] {
    return [...this.#tenures.keys()];
  }

  /** How many actors are in memory, for metrics. */
  get active(): number {
    return this.#slots.size;
  }

  /** Takes nothing more and waits for the turns that run and what follows them. What was not settled stays in the queue. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const tenure of this.#tenures.values()) tenure.stop();
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenQuiet = resolve));
    await this.#performer.end();
  }

  /** The place of an actor; undefined: its partition is not this instance's, or not for long. */
  #slot(key: string): Slot<K, W, R, E> | undefined {
    const present = this.#slots.get(key);
    const tenure = present?.tenure ?? this.#tenures.get(partitionOf(key, this.#partitions));
    if (!tenure || tenure.leaving) return undefined;
    if (present) return present;
    const slot = newSlot<K, W, R, E>(key, tenure, this.#now());
    this.#slots.set(key, slot);
    return slot;
  }

  #slotsOf(tenure: Tenure): Slot<K, W, R, E>[] {
    return [...this.#slots.values()].filter((slot) => slot.tenure === tenure);
  }

  #give(slot: Slot<K, W, R, E>, incoming: Incoming<K, E>): void {
    if (slot.tenure.leaving) return;
    slot.waiting.push(incoming);
    if (!slot.running) this.#makeReady(slot);
  }

  /** Lets its turn end, and has it store what it holds. What waits is left to the next owner. */
  async #leave(slot: Slot<K, W, R, E>): Promise<void> {
    const left = slot.waiting;
    slot.waiting = [];
    for (const one of left) {
      // What was told is in no queue.
      if (!('command' in one) || one.delivery) continue;
      this.#bus.tell({ kind: this.#kind, key: slot.key, command: one.command } as Addressed); // a kind's commands are its own
    }
    await slot.whenRun;
    await this.#turns.leave(slot);
    await slot.afterwards;
  }

  #makeReady(slot: Slot<K, W, R, E>): void {
    this.#ready.add(slot);
    this.#runLater();
  }

  #runLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      let left = Math.min(this.#ready.size, TICK_TURNS_MAX);
      for (const slot of this.#ready) {
        if (left === 0) break;
        left -= 1; // who becomes ready meanwhile is behind those
        this.#ready.delete(slot);
        if (!slot.running && this.#mayRun(slot)) slot.whenRun = this.#run(slot);
      }
      if (this.#ready.size > 0) this.#runLater();
    });
  }

  #mayRun({ tenure }: Slot<K, W, R, E>): boolean {
    return !this.#stopped && !tenure.stopped && !tenure.leaving;
  }

  async #run(slot: Slot<K, W, R, E>): Promise<void> {
    slot.running = true;
    this.#running += 1;
    try {
      do {
        const batch = slot.waiting.splice(0, TURN_COMMANDS_MAX);
        slot.wakeAt = undefined;
        slot.batch = batch;
        const turn = this.#turns.take(slot, batch);
        if (turn) await turn;
      } while ((slot.waiting.length > 0 || slot.doubtful) && this.#mayRun(slot));
    } catch (error) {
      // Not even the quarantine took it: its commands stay in the queue for the next start, the process goes on.
      this.#log.error({ kind: this.#kind, key: slot.key, err: error }, 'a turn was given up');
    } finally {
      slot.running = false;
      slot.batch = [];
      slot.usedAt = this.#now();
      if (slot.wakeAt === undefined || slot.tenure.stopped) this.#sleeping.delete(slot);
      else this.#sleeping.add(slot);
      this.#running -= 1;
      if (this.#running === 0) this.#whenQuiet?.();
    }
  }

  #wake(): void {
    const now = this.#now();
    for (const slot of this.#sleeping) {
      if (slot.running || slot.wakeAt === undefined || slot.wakeAt > now) continue;
      this.#sleeping.delete(slot);
      this.#makeReady(slot);
    }
  }

  #forget(): void {
    const before = this.#now() - FORGET_AFTER_MS;
    for (const [key, slot] of this.#slots) {
      const due = slot.wakeAt !== undefined || slot.waiting.length > 0 || slot.following > 0;
      const busy = slot.running || due || slot.doubtful || slot.usedAt > before;
      if (!busy && (slot.actor?.idle ?? true)) this.#slots.delete(key);
    }
  }
}

/** When the first of these came that a queue has. */
function sinceOf(incoming: readonly Incoming<ActorKind, unknown>[]): number | undefined {
  for (const one of incoming) if ('command' in one && one.delivery?.since !== undefined) return one.delivery.since;
  return undefined;
}
