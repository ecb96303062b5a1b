// Actors and turns (DESIGN section 2). An actor decides, purely; the host performs what it decided, always in this order:
//
//   writes → effects (published, confirmed) → tells, told → settled → reads
//   afterwards, while later turns run: effects (relayed) → removals → settled
//
// A crash anywhere runs the turn again, so each step must bear repetition; what removes goes last. Nothing is
// settled before what follows the turns before it: an ack may settle what an earlier turn's notice is about.
import type { ActorKind, Addressed, CommandOf, InboxMessage, Signal } from '#protocol/commands.ts';
import type { Delivery } from '../bus/bus.ts';

/** What waits for an actor: a command (`delivery` is absent for told ones), or the result of a read that it asked for. */
export type Incoming<K extends ActorKind, Result = never> =
  | { readonly command: CommandOf[K]; readonly delivery?: Delivery }
  | { readonly result: Result };

/** A message to an instance's inbox. */
export type Tell = { readonly inbox: string; readonly message: InboxMessage };

/** What a turn decided. Absent = nothing of that kind. `Write` and `Read` are requests to the actor's own store. */
export type Plan<Write, Read = never> = {
  /** Fenced: a write that another owner has overtaken throws Conflict. */
  readonly writes?: readonly Write[];
  readonly effects?: readonly Addressed[];
  readonly tells?: readonly Tell[];
  /** Told to the present owners of those actors, with the tells; may be lost: who waits for what comes of it tells it again. */
  readonly told?: readonly Addressed[];
  readonly settled?: readonly Delivery[];
  /** Sent with the tells; may be lost. */
  readonly signals?: readonly Signal[];
  /** Answered later, as a `result` in a turn of its own. */
  readonly reads?: readonly Read[];
  /**
   * What nobody waits for: notices, and the removal of what they are about. The effects' cause stays in queue or store until they are confirmed;
   * removals and settling keep the order of the turns. If one fails for good, those of later turns are left out and the memory is dropped.
   */
  readonly afterwards?: {
    readonly effects: readonly Addressed[];
    readonly removals: readonly Write[];
    readonly settled: readonly Delivery[];
  };
  /** An empty turn is due at this time (ms since 1970), unless a later plan says otherwise; absent: none. */
  readonly wakeAt?: number;
};

export interface Actor<K extends ActorKind, Write, Read = never, Result = never> {
  /** Decides about all that waits, in order. Changes the actor's memory; touches nothing else. `now`: ms since 1970. */
  turn(batch: readonly Incoming<K, Result>[], now: number): Plan<Write, Read> | Promise<Plan<Write, Read>>;
  /** True if nothing would be lost by forgetting it: no attached device, nothing held. */
  readonly idle: boolean;
  /** Its memory is about to be dropped, because another owner wrote or something failed for good: what to tell those who relied on it. */
  drop?(): readonly Tell[];
  /** Its partition goes to another owner: how to store what it holds unsettled. It is forgotten afterwards. `now`: ms since 1970. */
  leave?(now: number): Plan<Write, Read>;
  /** An inbox is no more: what to be told, in turns to come, about what was connected through it. */
  gone?(inbox: string): readonly CommandOf[K][];
}

/** What the host needs to run the actors of one kind. */
export interface ActorType<K extends ActorKind, Write, Read = never, Result = never> {
  readonly kind: K;
  /** Loads or creates the actor of a key from its store. */
  activate(key: string): Promise<Actor<K, Write, Read, Result>>;
  /** Performs writes, all or none. Throws Conflict or Unavailable. Repeating it after Unavailable must be harmless. */
  write(key: string, writes: readonly Write[]): Promise<void>;
  /** For kinds whose plans have reads. If it fails for good, the actor's memory is dropped: what waits for the result would wait for ever. */
  read?(key: string, read: Read): Promise<Result>;
}
