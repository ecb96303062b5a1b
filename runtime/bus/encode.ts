// A command as the JSON that is stored. Most of a message is Base64 that was checked at the door and needs no escaping: pasting it is
// 9 µs a message cheaper than letting JSON.stringify look at each character again (pairs bench, profile of the main thread).
import type { Addressed } from '#protocol/commands.ts';

/** The same value as JSON.stringify gives, for every command whose Base64 and addresses are canonical (encode.test.ts). */
export function encodeCommand(addressed: Addressed): string {
  const { kind, key, command } = addressed;
  if (kind !== 'mailbox' || command.type !== 'deliver' || !command.reply || command.item.group)
    return JSON.stringify(addressed);
  const { id, from, device, conversation, seq, header, body, slots, receivedAt, expiresAt } = command.item;
  const { inbox, re } = command.reply;
  return (
    `{"kind":"mailbox","key":"${key}","command":{"type":"deliver","item":{"type":"message","id":"${id}","from":"${from}",` +
    `"device":"${device}","conversation":"${conversation}","seq":${seq},"header":"${header}","body":"${body}",` +
    `"slots":${JSON.stringify(slots)},"receivedAt":${receivedAt},"expiresAt":${expiresAt}},` +
    `"reply":{"inbox":${JSON.stringify(inbox)},"re":${re}}}}`
  );
}
