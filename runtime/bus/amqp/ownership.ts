// Which partitions this instance reads: its share and those it stands by for; how it becomes their owner, and when it hands them over
// (DESIGN section 2: Share, Activation, Hand-over). Nothing relies on two instances agreeing: they only agree sooner or later.
import type { Logger } from 'pino';
import type { ActorKind } from '#protocol/commands.ts';
import type { PartitionEpochs } from '../../store/meta.ts';
import type { PartitionConsumer, Suspects, Unreadable } from '../bus.ts';
import type { Link } from './link.ts';
import type { Members } from './members.ts';
import { Seat } from './seat.ts';
import { type Place, shareOf } from './share.ts';
import { Subscription } from './subscription.ts';
import type { Topology } from './topology.ts';
import { type Alive, LAG_PROBE_TYPE, PROBE_TYPE } from './wire.ts';

/** A partition that is less behind is not worth to be spoken of. */
const LAG_SAID_MIN_MS = 1_000;

export type OwnershipDeps = {
  readonly self: string;
  readonly members: Members;
  readonly topology: Topology;
  readonly epochs: PartitionEpochs;
  readonly suspects: Suspects;
  readonly unreadable: Unreadable;
  readonly log: Logger;
  /** What it holds has changed: everybody should know at once. */
  readonly changed: () => void;
  /** Somebody was heard through a partition's queue. */
  readonly heard: (alive: Alive) => void;
  /** Sends a probe of that type through a queue; resolves once it is there, or lost: false. */
  readonly probe: (queue: string, type: string) => Promise<boolean>;
  /** Calls back once all that was sent to inboxes until now has arrived, or is lost. */
  readonly afterSent: (then: () => void) => void;
};

export class Ownership {
  readonly #deps: OwnershipDeps;
  /** The seats of each kind, by partition. */
  readonly #kinds = new Map<ActorKind, readonly Seat[]>();
  readonly #consumers: PartitionConsumer[] = [];
  #link: Link | undefined;
  #leaving = false;

  constructor(deps: OwnershipDeps) {
    this.#deps = deps;
  }

  consume(kind: ActorKind, consumer: PartitionConsumer): void {
    const { topology } = this.#deps;
    this.#consumers.push(consumer);
    const seats = Array.from(
      { length: topology.partitions },
      (_, partition) => new Seat(kind, partition, topology.queue(kind, partition), consumer),
    );
    this.#kinds.set(kind, seats);
  }

  get consumers(): readonly PartitionConsumer[] {
    return this.#consumers;
  }

  /** The kinds of which it wants its share. */
  get takes(): readonly ActorKind[] {
    return this.#leaving ? [] : [...this.#kinds.keys()];
  }

  get holds(): Alive['holds'] {
    return this.#seats().flatMap(({ kind, partition, subscription }) => {
      const epoch = subscription?.epoch;
      return epoch === undefined ? [] : [[kind, partition, epoch] as const];
    });
  }

  /** What it owns and is behind with. */
  get lags(): Alive['lags'] {
    const now = performance.now();
    return [...this.#kinds].flatMap(([kind, seats]) => {
      const undecided = seats[0]?.consumer.undecidedSince();
      return seats.flatMap(({ partition, subscription, lag }) => {
        if (!subscription?.active) return [];
        const ms = lag.ms(now, subscription.waitingSince, undecided?.get(partition));
        return ms < LAG_SAID_MIN_MS ? [] : [[kind, partition, Math.round(ms)] as const];
      });
    });
  }

  /** The consumer of a partition that this instance owns. */
  ownerHere(kind: ActorKind, partition: number): PartitionConsumer | undefined {
    const seat = this.#kinds.get(kind)?.[partition];
    return seat?.subscription?.epoch === undefined ? undefined : seat.consumer;
  }

  up(link: Link): void {
    this.#link = link;
    this.reconcile();
  }

  down(): void {
    this.#link = undefined;
    for (const seat of this.#seats()) {
      seat.subscription?.drop();
      seat.subscription = undefined;
    }
  }

  /** Reads what it should read by now, and no more, and asks for what it should own; what it owns, it keeps until it is probed. */
  reconcile(): void {
    if (!this.#link || this.#leaving) return;
    const { self, topology, members, probe } = this.#deps;
    const now = performance.now();
    for (const [kind, seats] of this.#kinds) {
      const places = shareOf(kind, topology.partitions, members.taking(kind));
      for (const seat of seats) {
        const place = places[seat.partition];
        if (!place || seat.busy) continue;
        const wanted = place.owner === self || place.standby === self;
        const { subscription } = seat;
        if (!subscription) {
          if (wanted && seat.pause.isOver(now)) void this.#open(seat);
        } else if (subscription.active) {
          // How long its own probe takes through the queue is how far behind it is there.
          if (seat.lag.isDue && seat.probe(now, (queue) => probe(queue, LAG_PROBE_TYPE))) seat.lag.asked(now);
        } else if (!wanted) {
          void this.#close(seat);
        } else if (place.owner === self) {
          // Whoever is active hears it, and if nobody is, this instance does and is active.
          seat.probe(now, (queue) => probe(queue, PROBE_TYPE));
        }
      }
    }
  }

  /** Somebody announced that it has a partition since after this instance had it: this one was frozen or cut off, and is owner no more. */
  overtaken(kind: ActorKind, partition: number, epoch: number): void {
    const seat = this.#kinds.get(kind)?.[partition];
    const own = seat?.subscription?.epoch;
    if (seat && own !== undefined && own < epoch && !seat.busy) void this.#close(seat);
  }

  /** Hands over all that it has and reads nothing more. */
  async leave(): Promise<void> {
    this.#leaving = true;
    this.#deps.changed();
    await Promise.all(this.#seats().map((seat) => this.#handOver(seat)));
  }

  #seats(): readonly Seat[] {
    return [...this.#kinds.values()].flat();
  }

  #place({ kind, partition }: Seat): Place | undefined {
    const { topology, members } = this.#deps;
    return shareOf(kind, topology.partitions, members.taking(kind))[partition];
  }

  async #open(seat: Seat): Promise<void> {
    const link = this.#link;
    if (!link) return;
    const { self, topology, epochs, suspects, unreadable, log, changed, afterSent } = this.#deps;
    const { kind, partition, queue, consumer } = seat;
    seat.busy = true;
    seat.lag.forget();
    let foreign = false;
    try {
      const channel = await link.channel();
      channel.on('error', () => {}); // a subscription that is open says what it was
      await topology.declareQueue(channel, queue);
      let ended = false;
      const subscription = await Subscription.open(
        {
          ...{ self, kind, partition, queue, consumer, epochs, suspects, unreadable, log, afterSent },
          gained: changed,
          received: () => seat.lag.heard(),
          probed: (by) => this.#probed(seat, by),
          foreign: () => {
            foreign = true;
            this.#foreign(seat);
          },
          ended: (reason) => {
            log.warn({ kind, partition, reason }, 'a partition is no longer read');
            ended = true;
            seat.subscription = undefined; // read again at the next beat
            changed();
          },
        },
        channel,
      );
      if (ended) return;
      if (this.#link === link && !this.#leaving) seat.subscription = subscription;
      else await subscription.close();
    } catch (error) {
      log.warn({ kind, partition, reason: String(error) }, 'a partition cannot be read yet');
    } finally {
      seat.busy = false;
    }
    // It may have come before there was anything to hand over.
    if (foreign) await this.#handOver(seat);
    else if (seat.subscription) this.reconcile();
  }

  async #close(seat: Seat): Promise<void> {
    seat.busy = true;
    await seat.subscription?.close();
    seat.subscription = undefined;
    seat.busy = false;
    this.#deps.changed();
  }

  #probed(seat: Seat, by: Alive): void {
    const { self, heard } = this.#deps;
    if (by.instance === self) return seat.lag.forget();
    heard(by); // as good as an `alive`
    if (this.#place(seat)?.owner !== self && seat.mayHandOver(performance.now())) void this.#handOver(seat);
  }

  #foreign(seat: Seat): void {
    this.#deps.log.error({ kind: seat.kind, partition: seat.partition }, 'a queue holds what this version cannot read');
    seat.pause.begin(performance.now());
    void this.#handOver(seat);
  }

  async #handOver(seat: Seat): Promise<void> {
    const { subscription } = seat;
    if (!subscription || seat.busy) return;
    seat.busy = true;
    await subscription.handOver();
    if (seat.subscription === subscription) seat.subscription = undefined;
    seat.busy = false;
    this.#deps.changed();
    this.reconcile();
  }
}
