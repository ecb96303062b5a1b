// Conversations whose sending waits because the server asked for that: each is tried again after a growing time, oldest message first and
// alone (PROTOCOL section 12).
import type { Timers } from './platform.ts';

const HOLD_FIRST_MS = 1_000;
const HOLD_MAX_MS = 60_000;
const FAILURES_MAX = 16;

type Hold = { lowest: number; failures: number; waiting: boolean; cancel: () => void };

export class Holds {
  readonly #timers: Timers;
  readonly #holds = new Map<string, Hold>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Nothing of a waiting conversation may go; of one that is tried again, one message at a time; of others, all. */
  stateOf(conversation: string): 'free' | 'tried' | 'waiting' {
    const hold = this.#holds.get(conversation);
    if (hold === undefined) return 'free';
    return hold.waiting ? 'waiting' : 'tried';
  }

  /**
   * A message of this number is to be sent again, not before `leastMs`. `again` is called then, with the lowest number that waits. Returns in how
   * many ms; undefined where the conversation waits already.
   */
  add(conversation: string, number: number, leastMs: number, again: (lowest: number) => void): number | undefined {
    const hold = this.#holds.get(conversation) ?? { lowest: number, failures: 0, waiting: false, cancel: () => {} };
    this.#holds.set(conversation, hold);
    hold.lowest = Math.min(hold.lowest, number);
    if (hold.waiting) return undefined;
    const waitMs = Math.max(leastMs, Math.min(HOLD_MAX_MS, HOLD_FIRST_MS * 2 ** hold.failures));
    hold.waiting = true;
    hold.failures = Math.min(hold.failures + 1, FAILURES_MAX);
    hold.cancel = this.#timers.after(waitMs, () => {
      hold.waiting = false;
      again(hold.lowest);
    });
    return waitMs;
  }

  /** One of its messages was accepted. Whether it was held. */
  release(conversation: string): boolean {
    return this.#holds.delete(conversation);
  }

  clear(): void {
    for (const hold of this.#holds.values()) hold.cancel();
    this.#holds.clear();
  }
}
