// What a `send` becomes: it is checked against its session, then it is one command for each mailbox that its slots name.

import { directConversation, encodeConversation, otherParticipant } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import type { MessageItem } from '#protocol/commands.ts';
import { decodeHeader } from '#protocol/envelope.ts';
import { ProtocolError, RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { RETENTION_DEFAULT_MS, SLOTS_MAX } from '#protocol/limits.ts';

export type Sender = {
  readonly address: string;
  readonly device: string;
  /** The conversation with somebody, as Base64 of its bytes. */
  conversationWith(other: string): string;
};
/** device → slot, of one address. */
export type Mailbox = { readonly address: string; readonly slots: Readonly<Record<string, string>> };

/** The message without where it goes: the same for every mailbox. */
export type Accepted = {
  readonly message: Omit<MessageItem, 'slots'>;
  /** The recipient's first. */
  readonly mailboxes: readonly Mailbox[];
};

/**
 * Checks a send of a session. Throws RequestError: `bad_envelope` (a header that is not well formed or not this session's; slots
 * for strangers, for the sending device or twice for one), `bad_request` (group messages, which this server does not take),
 * `remote_domain`.
 */
export function checkSend(frame: ClientFrameOf<'send'>, sender: Sender, now: number): Accepted {
  if (frame.slots.length === 0 || frame.slots.length > SLOTS_MAX) {
    throw new RequestError('bad_envelope', `A direct message has 1 to ${SLOTS_MAX} slots.`);
  }
  const header = parseHeader(frame.header);
  const { conversation, seq } = header;
  if (conversation.kind !== 'direct') throw new RequestError('bad_request', 'This server takes no group messages.');
  if (header.sender !== sender.address || encodeBase64(header.device) !== sender.device) {
    throw new RequestError('bad_envelope', 'The header names another sender than the session.');
  }
  const other = otherParticipant(conversation, sender.address);
  if (other === undefined) throw new RequestError('bad_envelope', 'The sender takes no part in that conversation.');
  // The sender's own address has this server's domain: it has a session here.
  if (!other.endsWith(sender.address.slice(sender.address.indexOf('@')))) throw new RequestError('remote_domain');
  const addresses = other === sender.address ? [other] : [other, sender.address];
  const mailboxes = addresses.flatMap((address) => {
    const slots = slotsOf(frame, address, sender.device);
    return slots ? [{ address, slots }] : [];
  });
  if (mailboxes.reduce((sum, { slots }) => sum + Object.keys(slots).length, 0) < frame.slots.length) {
    throw new RequestError('bad_envelope', 'A slot is for a stranger.');
  }
  return {
    message: {
      type: 'message',
      id: encodeBase64(header.id),
      from: sender.address,
      device: sender.device,
      conversation: sender.conversationWith(other),
      seq,
      header: frame.header,
      body: frame.body,
      receivedAt: now,
      expiresAt: now + (frame.retention ?? RETENTION_DEFAULT_MS),
    },
    mailboxes,
  };
}

/** Base64 of the conversation of two. */
export function conversationText(a: string, b: string): string {
  return encodeBase64(encodeConversation(directConversation(a, b)));
}

function parseHeader(text: string): ReturnType<typeof decodeHeader> {
  try {
    return decodeHeader(decodeBase64(text));
  } catch (error) {
    if (error instanceof ProtocolError) throw new RequestError('bad_envelope', error.message);
    throw error;
  }
}

/** device → slot for one address; undefined if there is none. */
function slotsOf(frame: ClientFrameOf<'send'>, address: string, own: string): Record<string, string> | undefined {
  let slots: Record<string, string> | undefined;
  for (const { to, device, slot } of frame.slots) {
    if (to !== address) continue;
    if (device === own) throw new RequestError('bad_envelope', 'A slot is for the sending device.');
    slots ??= Object.create(null) as Record<string, string>; // devices are keys that a client chose
    if (device in slots) throw new RequestError('bad_envelope', 'Two slots are for one device.');
    slots[device] = slot;
  }
  return slots;
}
