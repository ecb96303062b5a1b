// Turns that fail: repeated where the fence was overtaken or something is away, taken apart where neither is the reason, so that one
// poisonous command is put aside and the actor's others go on (DESIGN section 2).
import type { Logger } from 'pino';
import type { ActorKind, Addressed, CommandOf } from '#protocol/commands.ts';
import { RequestError } from '#protocol/errors.ts';
import type { Bus, Delivery } from '../bus/bus.ts';
import { Conflict } from '../store/database.ts';
import type { Actor, ActorType, Incoming, Plan } from './actor.ts';
import type { Performer } from './performer.ts';
import type { Slot } from './slot.ts';
import { isPassing, RETRY_FIRST_MS, RETRY_MAX_MS, Stopped } from './tenure.ts';
import type { TurnObserver } from './turn-observer.ts';

/** Times in a row that one turn may lose against another owner; after that it is the command that is wrong. */
const CONFLICTS_MAX = 5;
/** An actor whose memory became doubtful waits this long before it is loaded again: what failed once may fail each time. */
const DOUBT_WAIT_MS = 1_000;

/** Keeps commands that no turn survives (DESIGN section 2, quarantine), so that the partition goes on. */
export interface Quarantine {
  /** Keeps one command once, however often it is brought. */
  keep(command: Addressed, reason: string): Promise<void>;
}

export type TurnDeps<K extends ActorKind, W, R, E> = {
  readonly type: ActorType<K, W, R, E>;
  readonly bus: Bus;
  readonly log: Logger;
  readonly now: () => number;
  readonly observer: TurnObserver;
  readonly quarantine: Quarantine;
};

export class Turns<K extends ActorKind, W, R, E> {
  readonly #deps: TurnDeps<K, W, R, E>;
  readonly #performer: Performer<K, W, R, E>;

  constructor(deps: TurnDeps<K, W, R, E>, performer: Performer<K, W, R, E>) {
    this.#deps = deps;
    this.#performer = performer;
  }

  /** One turn. Stays on this tick, and returns nothing to wait for, where neither store nor bus is needed. */
  take(slot: Slot<K, W, R, E>, batch: readonly Incoming<K, E>[]): Promise<void> | undefined {
    const { actor } = slot;
    if (slot.doubtful) return this.#renewed(slot, batch);
    if (!actor) return this.#try(slot, batch);
    let plan: Plan<W, R>;
    try {
      const decided = this.#decide(slot, actor, batch);
      if (decided instanceof Promise) return this.#try(slot, batch, decided);
      plan = decided;
    } catch (error) {
      return this.#try(slot, batch, Promise.reject(error));
    }
    if (plan.writes || plan.effects) return this.#try(slot, batch, Promise.resolve(plan));
    this.#performer.finish(slot, plan);
    return undefined;
  }

  /** Its partition goes to somebody else: stores what the actor holds. What cannot be stored in time, the next owner is given again. */
  async leave(slot: Slot<K, W, R, E>): Promise<void> {
    const { type, log, now } = this.#deps;
    try {
      const plan = slot.doubtful ? undefined : slot.actor?.leave?.(now());
      if (plan) await this.#performer.perform(slot, plan);
    } catch (error) {
      log.warn({ kind: type.kind, key: slot.key, reason: String(error) }, 'what it holds goes back to the queue');
    }
  }

  #decide(
    slot: Slot<K, W, R, E>,
    actor: Actor<K, W, R, E>,
    batch: readonly Incoming<K, E>[],
  ): Plan<W, R> | Promise<Plan<W, R>> {
    for (const one of batch) if ('command' in one && one.delivery) slot.unsettled.add(one.delivery);
    const start = performance.now();
    const decided = actor.turn(batch, this.#deps.now());
    if (decided instanceof Promise) return decided.finally(() => this.#observe(batch.length, start));
    this.#observe(batch.length, start);
    return decided;
  }

  #observe(commands: number, start: number): void {
    const { observer, type } = this.#deps;
    observer.turn(type.kind, commands, (performance.now() - start) / 1_000);
  }

  /** Repeats a turn whose fence was overtaken, or for which something is away; `decided`: the plan of its first try. */
  async #try(slot: Slot<K, W, R, E>, given: readonly Incoming<K, E>[], decided?: Promise<Plan<W, R>>): Promise<void> {
    const { type, log } = this.#deps;
    let batch = given;
    let plan = decided;
    for (let tries = 1, wait = RETRY_FIRST_MS; ; tries += 1, wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        return await this.#performer.perform(slot, await (plan ?? this.#activated(slot, batch)));
      } catch (error) {
        if (error instanceof Stopped) return;
        const held = await this.#drop(slot, batch);
        const again = error instanceof Conflict ? tries < CONFLICTS_MAX : isPassing(error);
        if (!again) return this.#apart(slot, held, batch, error);
        log.warn({ kind: type.kind, key: slot.key, reason: String(error) }, 'loading again');
        this.#deps.observer.repeated(type.kind);
        if (!(error instanceof Conflict && tries === 1)) await slot.tenure.pause(wait);
        if (slot.tenure.stopped) return;
        batch = [...held, ...batch];
        plan = undefined;
      }
    }
  }

  async #renewed(slot: Slot<K, W, R, E>, batch: readonly Incoming<K, E>[]): Promise<void> {
    await slot.tenure.pause(DOUBT_WAIT_MS);
    const given = [...(await this.#drop(slot, batch)), ...batch];
    if (given.length > 0 && !slot.tenure.stopped) await this.#try(slot, given);
  }

  async #activated(slot: Slot<K, W, R, E>, batch: readonly Incoming<K, E>[]): Promise<Plan<W, R>> {
    slot.actor ??= await slot.tenure.persist(slot.key, () => this.#deps.type.activate(slot.key));
    return this.#decide(slot, slot.actor, batch);
  }

  /**
   * Drops an actor's memory once what follows its turns has ended, so that the next one is loaded from what this one left.
   * Returns what it had held unsettled before this batch: nobody else will give it that again.
   */
  async #drop(slot: Slot<K, W, R, E>, batch: readonly Incoming<K, E>[]): Promise<Incoming<K, E>[]> {
    if (slot.afterwards) await Promise.race([slot.afterwards, slot.tenure.whenStopped]);
    this.#performer.tell(slot.actor?.drop?.());
    slot.actor = undefined;
    slot.doubtful = false;
    for (const one of batch) if ('command' in one && one.delivery) slot.unsettled.delete(one.delivery);
    const held = [...slot.unsettled].map((delivery): Incoming<K, E> => {
      const { to, size, frame } = delivery;
      const again: Delivery = { to, size, frame, redelivered: true, settle: () => delivery.settle() };
      return { command: to.command as CommandOf[K], delivery: again }; // the bus gives a kind's consumer commands of that kind only
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
    if (batch.length <= 1) await this.isolate(slot, only, error);
    for (const one of batch.length > 1 ? [...held, ...batch] : held) {
      if (slot.tenure.stopped) return;
      await this.#try(slot, [one]);
    }
  }

  /** Puts a command aside that no turn survives, and tells its sender. */
  async isolate(slot: Slot<K, W, R, E>, poison: Incoming<K, E> | undefined, error: unknown): Promise<void> {
    const { type, bus, log, observer, quarantine } = this.#deps;
    const { kind } = type;
    if (!poison || !('command' in poison)) return log.error({ kind, key: slot.key, err: error }, 'a turn failed');
    const { command, delivery } = poison;
    log.error({ kind, key: slot.key, type: command.type, err: error }, 'a command fails every turn: quarantined');
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (delivery) await slot.tenure.persist(slot.key, () => quarantine.keep(delivery.to, reason));
    observer.quarantined(kind);
    if ('reply' in command) {
      const { code, message } = new RequestError('rejected');
      bus.send(command.reply.inbox, { type: 'refusal', re: command.reply.re, code, message });
    }
    delivery?.settle();
  }
}
