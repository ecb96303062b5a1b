// How much is unread in a conversation, in words: in a group also by whom.
import { isGroup } from '../names.ts';
import { shortName } from './chat-lines.ts';

/** `2 unread`, `3 unread: 2 from bo, 1 from cy`, `nothing unread`. `counts`: by address. */
export function unreadText(conversation: string, counts: Readonly<Record<string, number>>, domain: string): string {
  const bySender = Object.entries(counts);
  const total = bySender.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return 'nothing unread';
  const senders = bySender.map(([from, count]) => `${count} from ${shortName(from, domain)}`);
  return isGroup(conversation) ? `${total} unread: ${senders.join(', ')}` : `${total} unread`;
}
