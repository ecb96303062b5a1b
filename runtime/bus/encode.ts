// A command as the JSON that is stored. Most of a message is Base64 that was checked at the door and needs no escaping: pasting it is
// 9 µs a message cheaper than letting JSON.stringify look at each character again (pairs bench, profile of the main thread).
import type { Addressed, EntriesItem, MailboxCommand, MessageItem } from '#protocol/commands.ts';
import { type Encoded, readFrameText, sharing } from './frame-text.ts';

type Deliver = Extract<MailboxCommand, { type: 'deliver' }>;

/** Gives what `decodeCommands` makes the same value of, for every command whose Base64 and addresses are canonical (encode.test.ts). */
export function encodeCommand(addressed: Addressed): Encoded {
  const { kind, key, command } = addressed;
  if (kind === 'mailbox' && command.type === 'entries') {
    return {
      text: `{"kind":"mailbox","key":"${key}","command":{"type":"entries","item":{}}}`,
      shared: sharedEntries(command.item),
    };
  }
  if (kind !== 'mailbox' || command.type !== 'deliver') return { text: JSON.stringify(addressed) };
  if (command.item.group) return encodeGroupDelivery(key, command);
  if (!command.reply) return { text: JSON.stringify(addressed) };
  const { id, from, device, conversation, seq, header, body, slots, receivedAt, expiresAt } = command.item;
  const { inbox, re } = command.reply;
  const text =
    `{"kind":"mailbox","key":"${key}","command":{"type":"deliver","item":{"type":"message","id":"${id}","from":"${from}",` +
    `"device":"${device}","conversation":"${conversation}","seq":${seq},"header":"${header}","body":"${body}",` +
    `"slots":${JSON.stringify(slots)},"receivedAt":${receivedAt},"expiresAt":${expiresAt}},` +
    `"reply":{"inbox":${JSON.stringify(inbox)},"re":${re}}}}`;
  return { text };
}

/** Only mailbox and slots are its own. */
function encodeGroupDelivery(key: string, { type, item, reply }: Deliver): Encoded {
  const rest = JSON.stringify({ type, item: { slots: item.slots }, reply });
  return { text: `{"kind":"mailbox","key":"${key}","command":${rest}}`, shared: sharedOf(item) };
}

const sharedOf = sharing<MessageItem>(
  (item) => {
    const { id, from, device, conversation, seq, header, body, receivedAt, expiresAt, group } = item;
    const place = [group?.name, group?.number, group?.persons];
    return [id, from, device, conversation, seq, header, body, receivedAt, expiresAt, ...place];
  },
  ({ header, body, slots, ...others }) => ({
    fields: `"header":"${header}",${JSON.stringify(others).slice(1, -1)}`,
    body,
  }),
);

/** Entries are the same for all members: 64 of them for a thousand are 45 KB, not 45 MB. */
const sharedEntries = sharing<EntriesItem>(
  (item) => [item],
  (item) => ({ fields: JSON.stringify(item).slice(1, -1) }),
);

/** The commands of a frame's text. Throws if it is no list of such; what is in them is looked at no further. */
export function decodeCommands(text: string): readonly Addressed[] {
  return readFrameText(text, (rest, shared) => {
    const { command } = rest as { command?: { item?: object } }; // as encodeGroupDelivery made it, or none
    if (!command?.item) throw new Error('a frame with something that shares a message and is no delivery');
    command.item = { ...shared, ...command.item };
    return rest;
  }).map((one) => {
    const { kind, key, command } = (one ?? {}) as Partial<Addressed>; // to be looked at
    const isCommand = typeof kind === 'string' && typeof key === 'string' && typeof command?.type === 'string';
    if (!isCommand) throw new Error('a frame with something that is no command');
    return one as Addressed; // encodeCommand made it
  });
}
