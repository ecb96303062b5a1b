// What a mailbox holds in the durable queue instead of storing it: pushed to devices that are all live, and gone once they have acked
// it in time (DESIGN section 3). What is held longer, or has lost its device, is stored, and before anything that came later.
import type { Metrics } from '#runtime/metrics.ts';
import type { Carried } from './carried.ts';
import type { Draft } from './draft.ts';
import type { Stored } from './stored.ts';

/** What the mailboxes of one partition hold now, together. A frame stays in the queue while one of its commands is held. */
export class HoldBudget {
  #bytes = 0;
  readonly #frames = new Map<object, number>();

  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames.size;
  }

  /** The frame of each command that is held; undefined: it is in none yet. */
  add(size: number, frames: readonly (object | undefined)[]): void {
    this.#bytes += size;
    for (const frame of frames) if (frame) this.#frames.set(frame, (this.#frames.get(frame) ?? 0) + 1);
  }

  /** As it was added. */
  remove(size: number, frames: readonly (object | undefined)[]): void {
    this.#bytes -= size;
    for (const frame of frames) {
      const count = frame && this.#frames.get(frame);
      if (!frame || !count) continue;
      if (count > 1) this.#frames.set(frame, count - 1);
      else this.#frames.delete(frame);
    }
  }
}

export function measureHeld(metrics: Metrics, budgets: readonly HoldBudget[]): void {
  metrics.gauge('parley_held_bytes', 'Bytes of messages that wait in the queue for acks, and are not stored yet', () =>
    budgets.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  metrics.gauge('parley_held_frames', 'Frames that those messages keep in the queue', () =>
    budgets.reduce((sum, { frames }) => sum + frames, 0),
  );
}

type HoldRules = { readonly holdMs: number; readonly holdBytes: number; readonly holdFrames: number };

export class Held {
  readonly #rules: HoldRules;
  readonly #budget: HoldBudget;
  readonly #stored: Stored;
  /** Each with the frames that it keeps in the queue. */
  readonly #items = new Map<Carried, readonly (object | undefined)[]>();

  constructor(rules: HoldRules, budget: HoldBudget, stored: Stored) {
    this.#rules = rules;
    this.#budget = budget;
    this.#stored = stored;
  }

  get empty(): boolean {
    return this.#items.size === 0;
  }

  /** Whether it takes another item; a single one may pass the bound. */
  get roomy(): boolean {
    const { holdMs, holdBytes, holdFrames } = this.#rules;
    return holdMs > 0 && this.#budget.bytes < holdBytes && this.#budget.frames < holdFrames;
  }

  /** When the oldest is to be stored; undefined: nothing is held. ms since 1970. */
  get due(): number | undefined {
    const [oldest] = this.#items.keys();
    return oldest && oldest.since + this.#rules.holdMs;
  }

  add(carried: Carried): void {
    const frames = carried.deliveries.map(({ frame }) => frame);
    this.#items.set(carried, frames);
    this.#budget.add(carried.size, frames);
  }

  /** Every device has acked it; false if it was stored before. */
  acked(carried: Carried): boolean {
    const frames = this.#items.get(carried);
    if (!frames) return false;
    this.#budget.remove(carried.size, frames);
    this.#items.delete(carried);
    return true;
  }

  /** Whether something waits for this device. */
  waitsFor(device: string): boolean {
    for (const carried of this.#items.keys()) if (carried.waiting.has(device)) return true;
    return false;
  }

  /** Stores all, for those that have not acked it. */
  store(draft: Draft): void {
    for (const [carried, frames] of this.#items) {
      this.#budget.remove(carried.size, frames);
      this.#stored.add(draft, carried);
    }
    this.#items.clear();
  }

  /** The memory is dropped: the queue still has it. */
  drop(): void {
    for (const [{ size }, frames] of this.#items) this.#budget.remove(size, frames);
    this.#items.clear();
  }
}
