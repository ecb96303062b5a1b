// Many devices with a connection each, which come back when a server sends them elsewhere, as clients do.
import { setTimeout as pause } from 'node:timers/promises';
import { openSession, type Person, signUpAll } from '../../bench/people.ts';
import { makeSeats, type Seat } from '../../bench/sessions.ts';
import { Wire } from '../../bench/wire.ts';

/** A client waits as long at most before it connects for the first time again, twice as long after each failure, and no longer than this (clients/sdk/link.ts). */
const BACK_WITHIN_MS = 500;
const BACK_AT_LAST_WITHIN_MS = 30_000;
/** Connections under way when all come, or come again. */
const AT_ONCE = 8;

export class Crowd {
  readonly #url: string;
  readonly #people: readonly Person[];
  readonly #seats: readonly Seat[];
  readonly #wires = new Map<Seat, Wire>();
  #left = false;
  #waiters: (() => void)[] = [];
  /** Why connections ended that nobody here ended. */
  readonly ends: string[] = [];
  /** Connections and sessions that were not to be had. */
  readonly refusals: string[] = [];

  /** `url`: where they connect. */
  constructor(url: string, people: number, devicesEach: number) {
    this.#url = url;
    ({ people: this.#people, seats: this.#seats } = makeSeats(people, devicesEach));
  }

  get size(): number {
    return this.#seats.length;
  }

  /** They sign up, and all connect. */
  async gather(): Promise<void> {
    await signUpAll(this.#url, this.#people);
    await this.#each((seat) => this.#sit(seat));
  }

  /** Each hangs up and comes back, a few at a time. */
  async reconnect(): Promise<void> {
    await this.#each(async (seat) => {
      this.#wires.get(seat)?.close();
      this.#wires.delete(seat);
      await this.#sit(seat);
    });
  }

  /** Resolves once all of them are connected. */
  async seated(): Promise<void> {
    while (this.#wires.size < this.size) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  leave(): void {
    this.#left = true;
    for (const wire of this.#wires.values()) wire.close();
  }

  async #each(act: (seat: Seat) => Promise<void>): Promise<void> {
    const waiting = this.#seats.values();
    const work = async (): Promise<void> => {
      for (const seat of waiting) await act(seat);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** Connects until it has a session. */
  async #sit(seat: Seat): Promise<void> {
    for (let withinMs = BACK_WITHIN_MS; !this.#left; withinMs = Math.min(2 * withinMs, BACK_AT_LAST_WITHIN_MS)) {
      try {
        const wire = await this.#open(seat);
        wire.onClose = ({ message }) => void this.#back(seat, message);
        this.#wires.set(seat, wire);
        for (const waiter of this.#waiters.splice(0)) waiter();
        return;
      } catch (error) {
        this.refusals.push(String(error));
        await pause(Math.random() * withinMs);
      }
    }
  }

  async #back(seat: Seat, why: string): Promise<void> {
    this.ends.push(why);
    this.#wires.delete(seat);
    await pause(Math.random() * BACK_WITHIN_MS);
    await this.#sit(seat);
  }

  /** A connection with a session that has all that was stored. */
  async #open({ person, device }: Seat): Promise<Wire> {
    const wire = await Wire.open(this.#url);
    await new Promise<void>((resolve, reject) => {
      wire.onClose = reject;
      wire.onFrame = ({ type }) => {
        if (type === 'synced') resolve();
      };
      wire.challenge.then(() => openSession(wire, person, device)).catch(reject);
    });
    return wire;
  }
}
