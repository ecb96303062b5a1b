// What goes to the mailboxes of a group's members. All commands of one message share its strings, so that the bus writes them once.
import type { Addressed, EntriesItem, GroupMessage } from '#protocol/commands.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import { decodeGroupEntry } from '#protocol/group-entry.ts';
import { RETENTION_DEFAULT_MS } from '#protocol/limits.ts';
import type { Standing } from './standing.ts';
import type { Mark } from './store.ts';

/** Its slots to those who were in the group when it was accepted, and still are. */
export function messageEffects(
  name: string,
  { since }: Standing,
  message: GroupMessage,
  { number, persons, epoch: acceptedAt }: Pick<Mark, 'number' | 'persons' | 'epoch'>,
): Addressed[] {
  const { id, from, device, conversation, seq, header, body, slots, receivedAt, expiresAt } = message;
  const place = { name, number, persons };
  return Object.entries(slots).flatMap(([key, own]): Addressed[] => {
    if ((since.get(key) ?? Number.POSITIVE_INFINITY) > acceptedAt) return [];
    const what = { type: 'message', id, from, device, conversation, seq, header, body } as const;
    const item = { ...what, slots: own, receivedAt, expiresAt, group: place };
    return [{ kind: 'mailbox', key, command: { type: 'deliver', item } }];
  });
}

/** Entries to everybody who is in the group after them, to whom they remove, and to their author, who may have left. */
export function entriesEffects(
  name: string,
  { state, group }: Standing,
  { from, number, entries }: Pick<EntriesItem, 'from' | 'number'> & { readonly entries: readonly Taken[] },
  now: number,
): Addressed[] {
  const receivers = new Set([...state.members.keys(), from]);
  for (const { bytes } of entries) {
    const { change } = decodeGroupEntry(bytes);
    if (change.type === 'remove') receivers.add(change.subject.address);
  }
  const texts = entries.map(({ text }) => text);
  const item: EntriesItem = {
    ...{ type: 'entries', name, group, number, entries: texts, from },
    ...{ receivedAt: now, expiresAt: now + RETENTION_DEFAULT_MS },
  };
  return [...receivers].map((key) => ({ kind: 'mailbox', key, command: { type: 'entries', item } }));
}

/** An entry as it came and as bytes. */
export type Taken = { readonly text: SignedGroupEntryText; readonly bytes: Uint8Array };
