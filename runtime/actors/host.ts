// Runs the actors of one kind: activates them when something waits, gives them turns one at a time, performs their plans,
// retries what may be retried, and forgets actors that nobody needs. It is the only place that knows the order of a turn.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ActorKind, Addressed, CommandOf } from '#protocol/commands.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { Bus, Delivery, PartitionConsumer } from '../bus/bus.ts';
import type { Signals } from '../signals.ts';
import { Conflict } from '../store/database.ts';
import type { Actor, ActorType, Incoming, Plan, Tell } from './actor.ts';

/** Commands that one turn takes at most; the rest waits for the next. */
const TURN_COMMANDS_MAX = 256;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 5_000;
/** Times in a row that one turn may lose against another owner; after that it is the command that is wrong. */
const CONFLICTS_MAX = 5;
/** How exactly `wakeAt` is kept. */
const WAKE_GRAIN_MS = 50;
const FORGET_INTERVAL_MS = 60_000;
/** An idle actor that nobody addressed for this long is forgotten. */
const FORGET_AFTER_MS = 300_000;

export type TurnObserver = { turn(kind: ActorKind, commands: number, seconds: number): void };

/** Keeps commands that no turn survives (DESIGN section 2, quarantine), so that the partition goes on. */
export interface Quarantine {
  keep(command: Addressed, reason: string): Promise<void>;
}

type Slot<K extends ActorKind, W, R, E> = {
  readonly key: string;
  actor: Actor<K, W, R, E> | undefined;
  waiting: Incoming<K, E>[];
  /** Given to the actor and not settled, oldest first: what it must be given again if its memory is dropped. */
  readonly unsettled: Set<Delivery>;
  running: boolean;
  wakeAt: number | undefined;
  usedAt: number;
};

export class ActorHost<K extends ActorKind, W, R = never, E = never> implements PartitionConsumer {
  readonly #type: ActorType<K, W, R, E>;
  readonly #bus: Bus;
  readonly #signals: Signals;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #observer: TurnObserver;
  readonly #quarantine: Quarantine;
  readonly #slots = new Map<string, Slot<K, W, R, E>>();
  readonly #ready = new Set<Slot<K, W, R, E>>();
  readonly #sleeping = new Set<Slot<K, W, R, E>>();
  readonly #timers: NodeJS.Timeout[];
  readonly #stop = new AbortController();
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
    this.#type = deps.type;
    this.#bus = deps.bus;
    this.#signals = deps.signals;
    this.#log = deps.log;
    this.#now = deps.now;
    this.#observer = deps.observer;
    this.#quarantine = deps.quarantine;
    this.#timers = [
      setInterval(() => this.#wake(), WAKE_GRAIN_MS).unref(),
      setInterval(() => this.#forget(), FORGET_INTERVAL_MS).unref(),
    ];
    deps.bus.consume(deps.type.kind, this);
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

  /** How many actors are in memory. */
  get active(): number {
    return this.#slots.size;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Takes nothing more and waits for the turns that run. What was not settled stays in the queue. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenQuiet = resolve));
  }

  #add(key: string, incoming: Incoming<K, E>): void {
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = {
        key,
        actor: undefined,
        waiting: [],
        unsettled: new Set(),
        running: false,
        wakeAt: undefined,
        usedAt: this.#now(),
      };
      this.#slots.set(key, slot);
    }
    slot.waiting.push(incoming);
    if (!slot.running) this.#makeReady(slot);
  }

  #makeReady(slot: Slot<K, W, R, E>): void {
    this.#ready.add(slot);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const ready = [...this.#ready];
      this.#ready.clear();
      for (const each of ready) if (!each.running && !this.#stopped) void this.#run(each);
    });
  }

  async #run(slot: Slot<K, W, R, E>): Promise<void> {
    slot.running = true;
    this.#running += 1;
    try {
      do {
        const batch = slot.waiting.splice(0, TURN_COMMANDS_MAX);
        slot.wakeAt = undefined;
        const turn = this.#turn(slot, batch);
        if (turn) await turn;
      } while (slot.waiting.length > 0 && !this.#stopped);
    } catch (error) {
      // Not even the quarantine took it: its commands stay in the queue for the next start, the process goes on.
      this.#log.error({ kind: this.#type.kind, key: slot.key, err: error }, 'a turn was given up');
    } finally {
      slot.running = false;
      slot.usedAt = this.#now();
      if (slot.wakeAt === undefined) this.#sleeping.delete(slot);
      else this.#sleeping.add(slot);
      this.#running -= 1;
      if (this.#running === 0) this.#whenQuiet?.();
    }
  }

  /** One turn. Stays on this tick, and returns nothing to wait for, where neither store nor bus is needed. */
  #turn(slot: Slot<K, W, R, E>, batch: readonly Incoming<K, E>[]): Promise<void> | undefined {
    const { actor } = slot;
    if (!actor) return this.#slowTurn(slot, batch);
    let plan: Plan<W, R>;
    try {
      const decided = this.#decide(slot, actor, batch);
      if (decided instanceof Promise) return this.#slowTurn(slot, batch, decided);
      plan = decided;
    } catch (error) {
      return this.#slowTurn(slot, batch, Promise.reject(error));
    }
    if (plan.writes || plan.effects || plan.removals) return this.#slowTurn(slot, batch, Promise.resolve(plan));
    this.#finish(slot, plan);
    return undefined;
  }

  #decide(
    slot: Slot<K, W, R, E>,
    actor: Actor<K, W, R, E>,
    batch: readonly Incoming<K, E>[],
  ): Plan<W, R> | Promise<Plan<W, R>> {
    for (const one of batch) if ('command' in one && one.delivery) slot.unsettled.add(one.delivery);
    const start = performance.now();
    const observe = () => this.#observer.turn(this.#type.kind, batch.length, (performance.now() - start) / 1_000);
    const decided = actor.turn(batch, this.#now());
    if (decided instanceof Promise) return decided.finally(observe);
    observe();
    return decided;
  }

  /** Repeats a turn whose fence was overtaken, or for which something is away; `decided`: the plan of its first try. */
  async #slowTurn(
    slot: Slot<K, W, R, E>,
    given: readonly Incoming<K, E>[],
    decided?: Promise<Plan<W, R>>,
  ): Promise<void> {
    let batch = given;
    let plan = decided;
    for (let tries = 1, wait = RETRY_FIRST_MS; ; tries += 1, wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        return await this.#perform(slot, await (plan ?? this.#activated(slot, batch)));
      } catch (error) {
        if (error instanceof Stopped) return;
        const held = this.#drop(slot, batch);
        const again = error instanceof Conflict ? tries < CONFLICTS_MAX : isPassing(error);
        if (!again) return this.#apart(slot, held, batch, error);
        this.#log.warn({ kind: this.#type.kind, key: slot.key, reason: String(error) }, 'loading again');
        if (!(error instanceof Conflict && tries === 1)) await this.#pause(wait);
        if (this.#stopped) return;
        batch = [...held, ...batch];
        plan = undefined;
      }
    }
  }

  async #activated(slot: Slot<K, W, R, E>, batch: readonly Incoming<K, E>[]): Promise<Plan<W, R>> {
    slot.actor ??= await this.#persist(slot, () => this.#type.activate(slot.key));
    return this.#decide(slot, slot.actor, batch);
  }

  /** Drops an actor's memory. Returns what it had held unsettled before this batch: nobody else will give it that again. */
  #drop(slot: Slot<K, W, R, E>, batch: readonly Incoming<K, E>[]): Incoming<K, E>[] {
    this.#tell(slot.actor?.drop?.());
    slot.actor = undefined;
    for (const one of batch) if ('command' in one && one.delivery) slot.unsettled.delete(one.delivery);
    const held = [...slot.unsettled].map((delivery): Incoming<K, E> => {
      const { to, size } = delivery;
      const again: Delivery = { to, size, redelivered: true, settle: () => delivery.settle() };
      return { command: to.command as CommandOf[K], delivery: again }; // as in deliver
    });
    slot.unsettled.clear();
    return held;
  }

  /** A batch that fails whoever owns the actor: its commands one by one, so that a poisonous one stands alone and is put aside. */
  async #apart(
    slot: Slot<K, W, R, E>,
    held: readonly Incoming<K, E>[],
    batch: readonly Incoming<K, E>[],
    error: unknown,
  ): Promise<void> {
    const [only] = batch;
    if (batch.length <= 1) await this.#isolate(slot, only, error);
    for (const one of batch.length > 1 ? [...held, ...batch] : held) {
      if (this.#stopped) return;
      await this.#slowTurn(slot, [one]);
    }
  }

  async #isolate(slot: Slot<K, W, R, E>, poison: Incoming<K, E> | undefined, error: unknown): Promise<void> {
    const { kind } = this.#type;
    if (!poison || !('command' in poison)) {
      return this.#log.error({ kind, key: slot.key, err: error }, 'a turn failed');
    }
    const { command, delivery } = poison;
    this.#log.error({ kind, key: slot.key, type: command.type, err: error }, 'a command fails every turn: quarantined');
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (delivery) await this.#persist(slot, () => this.#quarantine.keep(delivery.to, reason));
    if ('reply' in command) {
      const { code, message } = new RequestError('unavailable');
      this.#bus.send(command.reply.inbox, { type: 'refusal', re: command.reply.re, code, message });
    }
    delivery?.settle();
  }

  async #perform(slot: Slot<K, W, R, E>, plan: Plan<W, R>): Promise<void> {
    const { writes, effects, removals } = plan;
    if (writes?.length) await this.#persist(slot, () => this.#type.write(slot.key, writes));
    if (effects?.length) await this.#persist(slot, () => this.#bus.publish(effects));
    this.#tell(plan.tells);
    if (removals?.length) await this.#persist(slot, () => this.#type.write(slot.key, removals));
    this.#finish(slot, { ...plan, tells: [] });
  }

  #finish(slot: Slot<K, W, R, E>, plan: Plan<W, R>): void {
    this.#tell(plan.tells);
    for (const signal of plan.signals ?? []) this.#signals.send(signal);
    for (const delivery of plan.settled ?? []) {
      slot.unsettled.delete(delivery);
      delivery.settle();
    }
    for (const read of plan.reads ?? []) void this.#read(slot, read);
    slot.wakeAt = plan.wakeAt;
  }

  #tell(tells: readonly Tell[] | undefined): void {
    for (const { inbox, message } of tells ?? []) this.#bus.send(inbox, message);
  }

  async #read(slot: Slot<K, W, R, E>, read: R): Promise<void> {
    const result = await this.#persist(slot, async () => this.#type.read?.(slot.key, read)).catch((error: unknown) => {
      if (!(error instanceof Stopped)) this.#log.error({ key: slot.key, err: error }, 'a read failed');
      return undefined;
    });
    if (result !== undefined) this.#add(slot.key, { result });
  }

  /** Repeats with backoff while the store or the bus is away or full; the actor's later commands wait. */
  async #persist<T>(slot: Slot<K, W, R, E>, attempt: () => Promise<T>): Promise<T> {
    for (let wait = RETRY_FIRST_MS; ; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (this.#stopped) throw new Stopped();
        this.#log.warn({ kind: this.#type.kind, key: slot.key, reason: String(error), wait }, 'trying again');
        await this.#pause(wait);
      }
    }
  }

  /** Waits, at most until the host is stopped. */
  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
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
      const due = slot.wakeAt !== undefined || slot.waiting.length > 0;
      const busy = slot.running || due || slot.usedAt > before;
      if (!busy && (slot.actor?.idle ?? true)) this.#slots.delete(key);
    }
  }
}

/** Whether the same may succeed later, unchanged. */
function isPassing(error: unknown): boolean {
  return error instanceof Unavailable || (error instanceof RequestError && error.retry);
}

/** The host was stopped while a turn waited for a store: the turn runs again at the next start. */
class Stopped extends Error {}
