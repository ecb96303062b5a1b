// What leaves the store undelivered: expired items, and those that only devices out of use could have taken. Nothing goes silently:
// the sender hears `expired` if no device had it, the devices that lack it hear `missed` (DESIGN section 3, No silent loss).
// Only notices and groups' entries go without a word: the first are outside the promise, the others are in the group's log.
import type { MailboxItem } from './item.ts';
import type { Notices } from './notices.ts';
import type { Chunk, StoredItem } from './store.ts';

const EMPTY: StoredItem = { item: null, devices: [], taken: true };

/** Decides about one chunk: its items with the dead ones emptied, [] if none lives, undefined if nothing changes. */
export function sweepChunk(
  chunk: Chunk,
  mailbox: {
    expired: (item: MailboxItem) => boolean;
    own: string;
    devices: ReadonlySet<string>;
    cursors: ReadonlyMap<string, number>;
    notices: Notices;
  },
): readonly StoredItem[] | undefined {
  let changed = false;
  let living = 0;
  const left = chunk.items.map((stored, index): StoredItem => {
    const { item, devices, taken } = stored;
    if (!item) return stored;
    const number = chunk.n + index;
    const lacking = devices.filter(
      (device) => mailbox.devices.has(device) && (mailbox.cursors.get(device) ?? 0) <= number,
    );
    if (!mailbox.expired(item) && devices.some((device) => mailbox.devices.has(device))) {
      living += 1;
      return stored;
    }
    changed = true;
    if (item.type === 'message') {
      const delivered = taken || devices.some((device) => (mailbox.cursors.get(device) ?? 0) > number);
      if (!delivered && item.from !== mailbox.own) mailbox.notices.expired(item);
      if (lacking.length > 0) mailbox.notices.missed(item, lacking);
    }
    return EMPTY;
  });
  if (!changed) return undefined;
  return living > 0 ? left : [];
}
