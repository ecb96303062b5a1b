// The journal of events and who prints them: every event by one process, in order (issue: `listen` prints none twice and loses none).
// An event is durable before it can be printed. Its mark is written by one small write that waits for no disk, directly after `print`: it survives
// kill -9, so a process that dies repeats at most the one event that it was printing. A power cut may undo marks of the last seconds; the mark is made
// durable every PRUNE_EVERY_EVENTS, together with the deletion of what was printed, which bounds both.
import { appendEvents, type Context, shownEntry } from './context.ts';
import { closed } from './problems.ts';
import type { EventsPart, ProfileEvent } from './profile.ts';
import { COUNTERS, counters, DROPPABLE, EVENTS, HISTORY, numberOf, SINGLE, u64Key } from './spaces.ts';
import type { ProfileStorage } from './storage.ts';

const PAGE_EVENTS = 64;
const PRUNE_EVERY_EVENTS = 256;

/** `stop`: nothing is printed any more; resolves when whoever was printing has let go of the storage. */
export type Journal = { readonly part: EventsPart; stop(): Promise<void> };

export function journalOf(context: Context, storage: ProfileStorage): Journal {
  const { records, places } = context;
  const printing = new Set<Promise<unknown>>();
  let stopped = false;

  /** Events after `mark`; what is undefined expired before anybody printed it. */
  function page(mark: number): Promise<{ number: number; event: ProfileEvent | undefined }[]> {
    return records.read(async (tx) => {
      const rows = await tx.range(EVENTS, { from: u64Key(mark + 1), limit: PAGE_EVENTS });
      const events: { number: number; event: ProfileEvent | undefined }[] = [];
      for (const { key, value } of rows) {
        const number = numberOf(key);
        if (value.type !== 'message') {
          events.push({ number, event: { number, ...value } });
          continue;
        }
        const { conversation, position } = value;
        const record = await tx.get(HISTORY, places.history(conversation, position));
        const entry = record && (await shownEntry(tx, places, conversation, position, record));
        events.push({ number, event: entry && { number, type: 'message', entry } });
      }
      return events;
    });
  }

  /** The last printed: the mark, unless it is older than what is known for sure, or from another copy of these files. */
  async function lastPrinted(): Promise<{ mark: number; printed: number; last: number }> {
    const { event: last, printed } = await records.read((tx) => counters(tx));
    const mark = storage.readMark();
    return { mark: mark > last ? printed : Math.max(mark, printed), printed, last };
  }

  async function prune(mark: number): Promise<void> {
    await records.write(async (tx) => {
      const printed = { to: u64Key(mark + 1) };
      for (const { key } of await tx.range(EVENTS, printed)) tx.delete(EVENTS, key);
      const dropped = await tx.range(DROPPABLE, printed);
      for (const { key } of dropped) tx.delete(DROPPABLE, key);
      const now = await counters(tx);
      tx.put(COUNTERS, SINGLE, { ...now, printed: mark, droppable: now.droppable - dropped.length });
    });
  }

  async function printNext(...[limit, print]: Parameters<EventsPart['printNext']>) {
    const lock = await storage.tryLock('printer');
    if (lock === undefined) return { printed: 0, busy: true, more: true };
    try {
      let { mark, printed: pruned, last } = await lastPrinted();
      let count = 0;
      let enough = limit <= 0;
      while (!enough && !stopped && mark < last) {
        for (const { number, event } of await page(mark)) {
          // The next user of the profile prints what a closed one has not.
          if (stopped) break;
          const printed = event === undefined ? 'more' : print(event);
          // What need not be waited for is marked in the same turn.
          const result = typeof printed === 'string' ? printed : await printed;
          if (result === 'later') return { printed: count, busy: false, more: true };
          enough = result === 'enough';
          storage.writeMark(number);
          mark = number;
          if (event !== undefined) count++;
          if (count >= limit) enough = true;
          // After a wait the page is old: what expired meanwhile is printed no more.
          if (enough || typeof printed !== 'string') break;
        }
        if (mark - pruned >= PRUNE_EVERY_EVENTS) {
          await prune(mark);
          pruned = mark;
        }
        if (mark >= last) last = (await lastPrinted()).last;
      }
      return { printed: count, busy: false, more: mark < last };
    } finally {
      lock.release();
    }
  }

  return {
    part: {
      append: (events) => records.write((tx) => appendEvents(tx, events)),

      async printNext(limit, print) {
        if (stopped) throw closed();
        const run = printNext(limit, print);
        printing.add(run);
        return run.finally(() => printing.delete(run));
      },

      watch: (changed) => storage.watch(changed),
    },

    async stop() {
      stopped = true;
      await Promise.allSettled(printing);
    },
  };
}
