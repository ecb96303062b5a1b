// What this device has, for people: what is unread, and the lines of a conversation, a page at a time.
import type { Client, HistoryEntry } from '../../sdk/index.ts';
import type { Output } from '../output.ts';

export const ALL_LINES = Number.POSITIVE_INFINITY;
const PAGE_LINES = 200;

type Reader = { readonly history: Pick<Client['history'], 'before' | 'after' | 'late'> };
type Counter = { readonly history: Pick<Client['history'], 'conversations'> };

/** A line for each conversation and sender that something unread is from. */
export async function showUnread({ output }: { readonly output: Output }, client: Counter): Promise<void> {
  let total = 0;
  for (const { conversation, unread: counts } of await client.history.conversations()) {
    for (const [from, count] of Object.entries(counts)) {
      total += count;
      const where = from === conversation ? '' : ` in ${conversation}`;
      output.show({ type: 'unread', conversation, from, count }, `${count} from ${from}${where}`);
    }
  }
  if (total === 0) output.say('Nothing is unread.');
}

/** What a person is shown, oldest first: the last `limit` entries, after all that came late further up and is unread. */
export async function* entries(client: Reader, conversation: string, limit: number): AsyncGenerator<HistoryEntry> {
  const start = limit === ALL_LINES ? 0 : await startOf(client, conversation, limit);
  for (const entry of await client.history.late(conversation)) if (entry.position <= start) yield entry;
  for (let after = start; ; ) {
    const page = await client.history.after(conversation, PAGE_LINES, after);
    yield* page;
    const end = page.at(-1);
    if (end === undefined) return;
    after = end.position;
  }
}

/** The position after which the last `limit` entries lie, found a page at a time. */
async function startOf(client: Reader, conversation: string, limit: number): Promise<number> {
  let before: number | undefined;
  for (let left = limit; ; ) {
    const page = await client.history.before(conversation, Math.min(PAGE_LINES, left + 1), before);
    const [oldest] = page;
    if (oldest === undefined) return 0;
    if (page.length > left) return oldest.position;
    left -= page.length;
    before = oldest.position;
  }
}
