// What a `send` becomes: it is checked against its session, then it is one command for each mailbox that its slots name, or one for the
// group that it is for.
import { directConversation, encodeConversation, otherParticipant } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import type { GroupMessage, MessageItem } from '#protocol/commands.ts';
import { decodeHeader, type Header, messageHash } from '#protocol/envelope.ts';
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

export type Accepted =
  | {
      /** The message without where it goes: the same for every mailbox. */
      readonly message: Omit<MessageItem, 'slots'>;
      /** The recipient's first. */
      readonly mailboxes: readonly Mailbox[];
    }
  | { readonly message: GroupMessage; readonly name: string };

type Frame = ClientFrameOf<'send'>;

/**
 * Checks a send of a session. Throws RequestError: `bad_envelope` (a header that is not well formed or not this session's; a group without
 * its name; slots for strangers, for the sending device or twice for one), `remote_domain`.
 */
export function checkSend(frame: Frame, sender: Sender, now: number): Accepted {
  const header = parseHeader(frame.header);
  if (header.sender !== sender.address || encodeBase64(header.device) !== sender.device) {
    throw new RequestError('bad_envelope', 'The header names another sender than the session.');
  }
  return header.conversation.kind === 'direct'
    ? checkDirect(frame, header, sender, now)
    : checkGroup(frame, header, sender, now);
}

function checkDirect(frame: Frame, { conversation, id, seq }: Header, sender: Sender, now: number): Accepted {
  if (frame.slots.length === 0 || frame.slots.length > SLOTS_MAX) {
    throw new RequestError('bad_envelope', `A direct message has 1 to ${SLOTS_MAX} slots.`);
  }
  if (conversation.kind !== 'direct' || frame.group !== undefined) {
    throw new RequestError('bad_envelope', 'A direct message names no group.');
  }
  const other = otherParticipant(conversation, sender.address);
  if (other === undefined) throw new RequestError('bad_envelope', 'The sender takes no part in that conversation.');
  checkDomain(other, sender);
  const addresses = other === sender.address ? [other] : [other, sender.address];
  const all = slotsByAddress(frame, sender.device);
  const mailboxes = addresses.flatMap((address) => {
    const slots = all[address];
    return slots ? [{ address, slots }] : [];
  });
  if (mailboxes.length < Object.keys(all).length) throw new RequestError('bad_envelope', 'A slot is for a stranger.');
  return {
    message: {
      type: 'message',
      ...commonOf(frame, id, seq, sender, now),
      conversation: sender.conversationWith(other),
    },
    mailboxes,
  };
}

/** Whether a slot is for a stranger, the group's actor knows. */
function checkGroup(frame: Frame, header: Header, sender: Sender, now: number): Accepted {
  const { conversation, id, seq, epoch, head } = header;
  const name = frame.group;
  if (name === undefined) throw new RequestError('bad_envelope', 'A message to a group names it.');
  checkDomain(name, sender);
  const group = encodeBase64(encodeConversation(conversation));
  const slots = slotsByAddress(frame, sender.device);
  const mh = encodeBase64(messageHash(decodeBase64(frame.header), decodeBase64(frame.body)));
  const common = commonOf(frame, id, seq, sender, now);
  return { message: { ...common, conversation: group, group, epoch, head: encodeBase64(head), mh, slots }, name };
}

/** The sender's own address has this server's domain: it has a session here. */
function checkDomain(address: string, sender: Sender): void {
  if (!address.endsWith(sender.address.slice(sender.address.indexOf('@')))) throw new RequestError('remote_domain');
}

function commonOf({ header, body, retention }: Frame, id: Uint8Array, seq: number, sender: Sender, now: number) {
  return {
    id: encodeBase64(id),
    from: sender.address,
    device: sender.device,
    seq,
    header,
    body,
    receivedAt: now,
    expiresAt: now + (retention ?? RETENTION_DEFAULT_MS),
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

/** address → device → slot. */
function slotsByAddress({ slots }: Frame, own: string): Record<string, Record<string, string>> {
  const all = Object.create(null) as Record<string, Record<string, string>>; // addresses and devices are keys that a client chose
  for (const { to, device, slot } of slots) {
    if (device === own) throw new RequestError('bad_envelope', 'A slot is for the sending device.');
    all[to] ??= Object.create(null) as Record<string, string>; // as above
    const devices = all[to];
    if (device in devices) throw new RequestError('bad_envelope', 'Two slots are for one device.');
    devices[device] = slot;
  }
  return all;
}
