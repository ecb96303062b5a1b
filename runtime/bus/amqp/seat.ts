// One partition as an instance sees it that may come to own it: its subscription, and when it may next be opened, probed or handed over.
import type { ActorKind } from '#protocol/commands.ts';
import type { PartitionConsumer } from '../bus.ts';
import { Lag } from './lag.ts';
import { Pause } from './pause.ts';
import type { Subscription } from './subscription.ts';

/** A partition is handed over this often at most: two instances that see different others must not toss it to and fro. */
const HAND_OVER_INTERVAL_MS = 5_000;
/** A little less than a beat, so that each beat probes. */
const PROBE_INTERVAL_MS = 900;

export class Seat {
  readonly kind: ActorKind;
  readonly partition: number;
  readonly queue: string;
  readonly consumer: PartitionConsumer;
  readonly lag = new Lag();
  /** After its queue held what is not read here. */
  readonly pause = new Pause();
  subscription: Subscription | undefined;
  /** It is being opened or let go. */
  busy = false;
  #probing = false;
  #probedAt = Number.NEGATIVE_INFINITY;
  #handedOverAt = Number.NEGATIVE_INFINITY;

  constructor(kind: ActorKind, partition: number, queue: string, consumer: PartitionConsumer) {
    this.kind = kind;
    this.partition = partition;
    this.queue = queue;
    this.consumer = consumer;
  }

  /**
   * Sends a probe, unless one is on its way or has just been sent. `send` resolves with false if it was lost. True if it is sent now.
   * `now`: monotonic, in ms.
   */
  probe(now: number, send: (queue: string) => Promise<boolean>): boolean {
    if (this.#probing || now - this.#probedAt < PROBE_INTERVAL_MS) return false;
    this.#probedAt = now;
    this.#probing = true;
    void send(this.queue).then((arrived) => {
      this.#probing = false;
      if (!arrived) this.lag.lost();
    });
    return true;
  }

  /** Whether it may be handed over to a prober; if so, not again for a while. */
  mayHandOver(now: number): boolean {
    if (now - this.#handedOverAt < HAND_OVER_INTERVAL_MS) return false;
    this.#handedOverAt = now;
    return true;
  }
}
