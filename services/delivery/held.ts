// What a mailbox holds in the durable queue instead of storing it: pushed to devices that are all live, and gone once they have acked
// it in time (DESIGN section 3). What is held longer, or has lost its device, is stored, and before anything that came later.
import type { Carried } from './carried.ts';
import type { Draft } from './draft.ts';
import type { Stored } from './stored.ts';

/** What the mailboxes of one process hold now, together: one bound for all, whatever their partitions. */
export type HoldBudget = { bytes: number };

export class Held {
  readonly #rules: { readonly holdMs: number; readonly holdBytes: number };
  readonly #budget: HoldBudget;
  readonly #stored: Stored;
  readonly #items = new Set<Carried>();

  constructor(rules: { readonly holdMs: number; readonly holdBytes: number }, budget: HoldBudget, stored: Stored) {
    this.#rules = rules;
    this.#budget = budget;
    this.#stored = stored;
  }

  get empty(): boolean {
    return this.#items.size === 0;
  }

  /** Whether it takes another item; a single one may pass the bound. */
  get roomy(): boolean {
    const { holdMs, holdBytes } = this.#rules;
    return holdMs > 0 && this.#budget.bytes < holdBytes;
  }

  /** When the oldest is to be stored; undefined: nothing is held. ms since 1970. */
  get due(): number | undefined {
    const [oldest] = this.#items;
    return oldest && oldest.since + this.#rules.holdMs;
  }

  add(carried: Carried): void {
    this.#items.add(carried);
    this.#budget.bytes += carried.size;
  }

  /** Every device has acked it; false if it was stored before. */
  acked(carried: Carried): boolean {
    if (!this.#items.delete(carried)) return false;
    this.#budget.bytes -= carried.size;
    return true;
  }

  /** Whether something waits for this device. */
  waitsFor(device: string): boolean {
    for (const carried of this.#items) if (carried.waiting.has(device)) return true;
    return false;
  }

  /** Stores all, for those that have not acked it. */
  store(draft: Draft): void {
    for (const carried of this.#items) {
      this.#budget.bytes -= carried.size;
      this.#stored.add(draft, carried);
    }
    this.#items.clear();
  }

  /** The memory is dropped: the queue still has it. */
  drop(): void {
    for (const { size } of this.#items) this.#budget.bytes -= size;
    this.#items.clear();
  }
}
