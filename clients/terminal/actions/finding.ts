// Finding messages again: what has a text in it, as the history shows it.
import type { Client, Found } from '../../sdk/index.ts';
import { historyLine } from '../lines.ts';
import type { Output } from '../output.ts';

type Searcher = {
  readonly account: Pick<Client['account'], 'address'>;
  readonly history: Pick<Client['history'], 'search'>;
};
/** `conversation`: canonical; undefined: all of them. `more`: what to do where there are more, as a sentence. */
export type Wanted = {
  readonly text: string;
  readonly conversation: string | undefined;
  readonly limit: number;
  readonly more: string;
};

/** The last `limit` messages that have the text, the latest of them last, as in the history. */
export async function showFound(
  output: Output,
  client: Searcher,
  { text, conversation, limit, more }: Wanted,
): Promise<void> {
  const where = conversation === undefined ? {} : { conversation };
  // One more, to know whether there are more.
  const found: readonly Found[] = await client.history.search({ text, ...where, limit: limit + 1 });
  for (const entry of found.slice(0, limit).toReversed()) {
    const line = historyLine(entry, client.account.address);
    output.show(line.record, line.text, line.style);
  }
  if (found.length === 0) output.note('Nothing on this device has that text.');
  else if (found.length > limit) output.note(more);
}
