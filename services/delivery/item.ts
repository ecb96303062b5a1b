// What a mailbox keeps for its devices: messages, entries of groups' logs, and notices. How much room each takes, and which may be left
// out where there is no room.
import type { EntriesItem, MessageItem, NoticeItem } from '#protocol/commands.ts';
import type { NoticeBody } from '#protocol/frames/server.ts';

export type MailboxItem = MessageItem | EntriesItem | NoticeItem;

/** Beside its long strings, an item costs about this much. Bytes. */
const ITEM_OVERHEAD_BYTES = 300;

/** An entry of a notice: id, device and tag in Base64. */
const NOTICE_ENTRY_BYTES = 130;

/** The bytes that an item counts for in windows, chunks and quotas. */
export function sizeOf(item: MailboxItem): number {
  switch (item.type) {
    case 'message': {
      let size = ITEM_OVERHEAD_BYTES + item.header.length + item.body.length;
      for (const device in item.slots) size += device.length + (item.slots[device] as string).length;
      return size;
    }
    case 'entries': {
      let size = ITEM_OVERHEAD_BYTES;
      for (const { entry, signature } of item.entries) size += entry.length + signature.length;
      return size;
    }
    case 'notice': {
      const size = ITEM_OVERHEAD_BYTES + entriesOf(item.notice) * NOTICE_ENTRY_BYTES;
      if (item.notice.kind !== 'group.delivered') return size;
      return item.notice.entries.reduce((sum, { by }) => sum + by.length, size);
    }
  }
}

/** How many messages a notice is about. */
export function entriesOf(notice: NoticeBody): number {
  if (notice.kind === 'stale') return 0;
  return notice.kind === 'missed' ? notice.seqs.length : notice.entries.length;
}

/** Whether nothing is lost for good where it reaches only who is there: a log can be fetched, what was delivered came, and `stale` is said of each message again. */
export function isDispensable(item: EntriesItem | NoticeItem): boolean {
  if (item.type === 'entries') return true;
  const { notice } = item;
  if (notice.kind === 'group.counted') return notice.entries.every(({ expired, refused }) => expired + refused === 0);
  return notice.kind === 'delivered' || notice.kind === 'group.delivered' || notice.kind === 'stale';
}
