// Runs the actors of one kind: gives each a turn when something waits for it, one at a time, wakes those that asked for it, and
// forgets those that nobody needs. How a turn is repeated when it fails is in turns.ts, how its plan is performed in performer.ts.
import type { Logger } from 'pino';
import type { ActorKind, Addressed, CommandOf } from '#protocol/commands.ts';
import type { Bus, Delivery, PartitionConsumer } from '../bus/bus.ts';
import type { Signals } from '../signals.ts';
import type { ActorType, Incoming } from './actor.ts';
import { Performer } from './performer.ts';
import { Persistence } from './persistence.ts';
import { newSlot, type Slot } from './slot.ts';
import { type Quarantine, type TurnObserver, Turns } from './turns.ts';

/** Commands that one turn takes at most; the rest waits for the next. */
const TURN_COMMANDS_MAX = 256;
/** How exactly `wakeAt` is kept. */
const WAKE_GRAIN_MS = 50;
const FORGET_INTERVAL_MS = 60_000;
/** An idle actor that nobody addressed for this long is forgotten. */
const FORGET_AFTER_MS = 300_000;

export class ActorHost<K extends ActorKind, W, R = never, E = never> implements PartitionConsumer {
  readonly #kind: K;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #persistence: Persistence;
  readonly #performer: Performer<K, W, R, E>;
  readonly #turns: Turns<K, W, R, E>;
  readonly #slots = new Map<string, Slot<K, W, R, E>>();
  readonly #ready = new Set<Slot<K, W, R, E>>();
  readonly #sleeping = new Set<Slot<K, W, R, E>>();
  readonly #timers: NodeJS.Timeout[];
  #scheduled = false;
  #running = 0;
  #whenQuiet: (() => void) | undefined;

  constructor(deps: {
    type: ActorType<K, W, R, E>;
    bus: Bus;
    signals: Signals;
    log: Logger;
    now: () => number;
    observer: TurnObserver;
    quarantine: Quarantine;
  }) {
    this.#kind = deps.type.kind;
    this.#log = deps.log;
    this.#now = deps.now;
    this.#persistence = new Persistence(this.#kind, deps.log);
    this.#performer = new Performer(deps, this.#persistence, {
      result: (slot, result) => this.#add(slot.key, { result }),
      doubt: (slot) => this.#makeReady(slot),
    });
    this.#turns = new Turns(deps, this.#performer, this.#persistence);
    this.#timers = [
      setInterval(() => this.#wake(), WAKE_GRAIN_MS).unref(),
      setInterval(() => this.#forget(), FORGET_INTERVAL_MS).unref(),
    ];
    deps.bus.consume(this.#kind, this);
  }

  deliver(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      // The bus gives a kind's consumer commands of that kind only.
      this.#add(delivery.to.key, { command: delivery.to.command as CommandOf[K], delivery });
    }
  }

  told(command: Addressed): void {
    this.#add(command.key, { command: command.command as CommandOf[K] }); // as in deliver
  }

  /** How many actors are in memory, for metrics. */
  get active(): number {
    return this.#slots.size;
  }

  /** Takes nothing more and waits for the turns that run and what follows them. What was not settled stays in the queue. */
  async stop(): Promise<void> {
    this.#persistence.stop();
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenQuiet = resolve));
    await this.#performer.end();
  }

  #add(key: string, incoming: Incoming<K, E>): void {
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = newSlot(key, this.#now());
      this.#slots.set(key, slot);
    }
    slot.waiting.push(incoming);
    if (!slot.running) this.#makeReady(slot);
  }

  #makeReady(slot: Slot<K, W, R, E>): void {
    this.#ready.add(slot);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const ready = [...this.#ready];
      this.#ready.clear();
      for (const each of ready) if (!each.running && !this.#persistence.stopped) void this.#run(each);
    });
  }

  async #run(slot: Slot<K, W, R, E>): Promise<void> {
    slot.running = true;
    this.#running += 1;
    try {
      do {
        const batch = slot.waiting.splice(0, TURN_COMMANDS_MAX);
        slot.wakeAt = undefined;
        const turn = this.#turns.take(slot, batch);
        if (turn) await turn;
      } while ((slot.waiting.length > 0 || slot.doubtful) && !this.#persistence.stopped);
    } catch (error) {
      // Not even the quarantine took it: its commands stay in the queue for the next start, the process goes on.
      this.#log.error({ kind: this.#kind, key: slot.key, err: error }, 'a turn was given up');
    } finally {
      slot.running = false;
      slot.usedAt = this.#now();
      if (slot.wakeAt === undefined) this.#sleeping.delete(slot);
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
