// Transactions of one process on one file, one after the other, whichever object of the process asks: SQLite would make the second wait for
// the first by blocking the thread that the first needs to go on.
import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { busy } from '../profile/problems.ts';

/** A commit takes a few ms. */
const BUSY_RETRY_MS = 2;

class Turn {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // Whoever asked hears of the failure; the next in turn does not.
    this.#last = result.catch(() => undefined);
    return result;
  }
}

const turns = new Map<string, WeakRef<Turn>>();

/** The queue of this existing file in this process, as long as somebody holds it. */
export function turnOf(file: string): Turn {
  const name = realpathSync(file);
  const known = turns.get(name)?.deref();
  if (known !== undefined) return known;
  const turn = new Turn();
  turns.set(name, new WeakRef(turn));
  return turn;
}

/** What `attempt` gets at last, tried again and again. Throws ProfileError `busy` after this time, monotonic, in ms. */
export async function soon<T>(attempt: () => T | undefined | false, until: number): Promise<T> {
  for (;;) {
    const got = attempt();
    if (got !== undefined && got !== false) return got;
    if (performance.now() > until) throw busy();
    await sleep(BUSY_RETRY_MS);
  }
}
