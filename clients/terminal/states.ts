// What became of an own message, in words and signs: of one to a person a word, of one to a group how many of how many have it.
import type { HistoryEntry } from '../sdk/index.ts';
import { isGroup } from './names.ts';

/** How many people a message to a group went to, and what became of it there. Who has read it took it, too. */
export type Counts = {
  readonly of: number;
  readonly delivered: number;
  readonly read: number;
  readonly expired: number;
  readonly refused: number;
};

type Sent = NonNullable<HistoryEntry['sent']>;

/** In a word. Of a group: what is so for all of its members; `expired` or `refused` where it is so for one. */
export function stateOf({ sent }: Pick<HistoryEntry, 'sent'>): string | undefined {
  if (sent === undefined) return undefined;
  if (sent.outcome === 'refused' && sent.code === 'device_revoked') return 'not sent';
  if (sent.outcome !== 'accepted') return sent.outcome.replace('_', ' ');
  const { of, delivered, read, expired, refused } = countsOf(sent);
  if (expired > 0) return 'expired';
  if (refused > 0) return 'refused';
  if (of === 0 || delivered < of) return 'accepted';
  return read < of ? 'delivered' : 'read';
}

/** Of a message to a group that the server has taken, else undefined. */
export function groupCountsOf({ sent }: Pick<HistoryEntry, 'sent'>): Counts | undefined {
  return sent !== undefined && isGroup(sent.conversation) && sent.outcome === 'accepted' ? countsOf(sent) : undefined;
}

/** Of a large group it is what the server says, and nobody proves. */
export function countsOf({ recipients, counts }: Sent): Counts {
  if (counts !== undefined) return { ...counts, read: 0 };
  const states = Object.values(recipients).map(({ state }) => state);
  const count = (state: (typeof states)[number]) => states.filter((one) => one === state).length;
  const read = count('read');
  return {
    ...{ of: states.length, delivered: count('delivered') + read, read },
    ...{ expired: count('expired'), refused: count('refused') },
  };
}

/** The same as `stateOf`, of a group with how many: `delivered to 3 of 7, read by 2`. */
export function stateText(entry: Pick<HistoryEntry, 'sent'>): string | undefined {
  const counts = groupCountsOf(entry);
  if (counts === undefined || counts.of === 0) return stateOf(entry);
  const { of, delivered, read, expired, refused } = counts;
  const ofAll = (count: number) => `${count} of ${of}`;
  const parts = [
    ...(delivered > 0 && read < of ? [`delivered to ${ofAll(delivered)}`] : []),
    ...(read === 0 ? [] : [`read by ${read === of || delivered === 0 ? ofAll(read) : read}`]),
    ...(expired > 0 ? [`expired for ${ofAll(expired)}`] : []),
    ...(refused > 0 ? [`refused for ${ofAll(refused)}`] : []),
  ];
  const said = entry.sent?.counts === undefined ? '' : ' (as the server says)';
  return parts.length === 0 ? 'accepted' : `${parts.join(', ')}${said}`;
}

/** The sign for a state of an own message; a word where it went wrong. */
export function markOf(state: string): string {
  switch (state) {
    case 'pending':
      return '…';
    case 'accepted':
      return '✓';
    case 'delivered':
      return '✓✓';
    case 'read':
      return '✓✓✓';
    default:
      return `(${state})`;
  }
}

/** The sign for a line, of a group with how many where it is not all of them: `✓✓ 3/7`. */
export function lineMark(entry: Pick<HistoryEntry, 'sent'>): string {
  const counts = groupCountsOf(entry);
  if (counts === undefined || counts.of === 0) return markOf(stateOf(entry) ?? 'pending');
  const { of, delivered, read } = counts;
  const some = (state: string, count: number) => `${markOf(state)}${count === of ? '' : ` ${count}/${of}`}`;
  if (read > 0 && delivered === of) return some('read', read);
  return delivered > 0 ? some('delivered', delivered) : markOf('accepted');
}
