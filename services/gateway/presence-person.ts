// One person who is watched at this gateway: where they are, as far as gateways have said, and what those who watch were told of it.
import { LAST_SEEN_GRAIN_MS, SECOND_MS } from '#protocol/limits.ts';

/** Where somebody is there is said again at least every 15 s; what was not said for so long is over: two of those may be lost. */
export const CONFIRMED_MAX_MS = 40_000;
/** Whoever is there has been confirmed by now; the mailbox is asked when the others were seen last … */
export const CONFIRM_PATIENCE_MS = SECOND_MS;
/** … and if it has not said by now, they are just not there. */
const LAST_SEEN_PATIENCE_MS = 5_000;
/** Who comes and goes costs everybody who watches one push in so long; what they are told is the last state. */
const PUSH_INTERVAL_MS = SECOND_MS;

export type State = { readonly online: boolean; readonly lastSeen?: number };
/** `now`: ms since 1970; `monotonic`: ms that no clock change moves. */
export type Time = { readonly now: number; readonly monotonic: number };

export class Person<W> {
  readonly watchers = new Set<W>();
  readonly #since: number;
  /** gateway → when it said last that the person is there; monotonic. */
  readonly #elsewhere = new Map<string, number>();
  /** Undefined until it is known. */
  #state: State | undefined;
  #asked = false;
  #told: State | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** `since`: monotonic. */
  constructor(since: number) {
    this.#since = since;
  }

  get state(): State | undefined {
    return this.#state;
  }

  confirm(gateway: string, { monotonic }: Time): void {
    this.#elsewhere.set(gateway, monotonic);
  }

  deny(gateway: string): void {
    this.#elsewhere.delete(gateway);
  }

  /** `here`: whether this gateway has a session of theirs. Who was there and is no more was last seen now. */
  update(here: boolean, time: Time): void {
    if (here || this.#elsewhere.size > 0) this.#state = { online: true };
    else if (this.#state?.online) this.#leave(time.now);
  }

  /** Forgets what is too old. Returns true once: the mailbox is to be asked when they were seen last. */
  look(here: boolean, time: Time): boolean {
    let lastHeard = Number.NEGATIVE_INFINITY;
    for (const [gateway, at] of this.#elsewhere) {
      if (time.monotonic - at < CONFIRMED_MAX_MS) continue;
      this.#elsewhere.delete(gateway);
      lastHeard = Math.max(lastHeard, at);
    }
    const over = !here && this.#elsewhere.size === 0 && this.#state?.online;
    if (over && lastHeard > Number.NEGATIVE_INFINITY) this.#leave(time.now - (time.monotonic - lastHeard));
    if (this.#state) return false;
    const age = time.monotonic - this.#since;
    if (age >= LAST_SEEN_PATIENCE_MS) this.#state = { online: false };
    if (this.#asked || age < CONFIRM_PATIENCE_MS) return false;
    this.#asked = true;
    return true;
  }

  /** What the mailbox says; undefined: it does not know. It says nothing new of somebody who has come meanwhile, or gone. */
  seen(at: number | undefined): void {
    if (this.#state?.online || this.#state?.lastSeen !== undefined) return;
    this.#state = at === undefined ? { online: false } : { online: false, lastSeen: at };
  }

  /** What all who watch are to be told now: undefined if they know it, or were told something a moment ago. */
  news({ monotonic }: Time): State | undefined {
    const state = this.#state;
    const known = this.#told?.online === state?.online && this.#told?.lastSeen === state?.lastSeen;
    if (!state || known || monotonic - this.#toldAt < PUSH_INTERVAL_MS) return undefined;
    this.#told = state;
    this.#toldAt = monotonic;
    return state;
  }

  #leave(at: number): void {
    this.#state = { online: false, lastSeen: at - (at % LAST_SEEN_GRAIN_MS) };
  }
}
