// Messages made before the clock starts: sealed as a client seals them, each with its own id, number, K and n, as the bytes of
// the `send` frame. The recipient's tag is made with it, so that acks cost the load generator no cryptography.
import { directConversation } from '#protocol/address.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import { MESSAGE_ID_BYTES, NONCE_BYTES, ZERO_HASH } from '#protocol/envelope.ts';
import { textContent } from '../clients/sdk/content/content.ts';
import { receivedTag } from '../clients/sdk/crypto/received.ts';
import { seal } from '../clients/sdk/crypto/seal.ts';
import { MESSAGE_KEY_BYTES } from '../clients/sdk/crypto/slot.ts';
import { type Person, random } from './people.ts';

/** A text of this length is a paragraph; the aims are stated for it. */
export const TEXT_BYTES = 400;

export type Prepared = {
  readonly id: string;
  /** The `send` frame, with its number in the conversation as the request's id. */
  readonly frame: Buffer;
  /** Where `"header":…,"body":…` lies in it: what must reach the recipient as it is. */
  readonly sealedAt: number;
  readonly sealedEnd: number;
  readonly tag: string;
};

/** `count` messages from one to another, numbered from 1. `requestId`: the frames' request numbers go on from here. */
export function prepare(from: Person, to: Person, count: number, requestId = 0): Prepared[] {
  let previous = ZERO_HASH;
  const conversation = directConversation(from.address, to.address);
  const recipient = { ...to.ids(), x25519: to.device.x25519 };
  const sender = {
    identity: from.identity,
    ed25519Seed: from.device.secrets.ed25519Seed,
    boxKeys: from.device.boxKeys,
  };
  return Array.from({ length: count }, (_, index) => {
    const id = random(MESSAGE_ID_BYTES);
    const text = `From ${from.address} to ${to.address}: ${index + 1} `.padEnd(TEXT_BYTES, 'abcdefghij ');
    const sealed = seal({
      header: {
        conversation,
        epoch: 0,
        head: ZERO_HASH,
        id,
        sender: from.address,
        device: from.device.id,
        seq: index + 1,
      },
      private: {
        previous,
        senderPosition: from.log.position,
        recipientPosition: to.log.position,
        heads: [],
        sentAt: Date.now(),
        expiry: 0,
        content: textContent(text),
      },
      messageKey: random(MESSAGE_KEY_BYTES),
      nonce: random(NONCE_BYTES),
      sender,
      recipients: [recipient],
    });
    previous = sealed.messageHash;
    const tag = receivedTag(sealed.messageKey, sealed.messageHash, to.ids(), 'delivered');
    const slots = sealed.slots.map(({ to: address, device, slot }) => ({
      to: address,
      device: encodeBase64(device),
      slot: encodeBase64(slot),
    }));
    const before = `{"type":"send","id":${requestId + index + 1},`;
    const bytes = `"header":"${encodeBase64(sealed.header)}","body":"${encodeBase64(sealed.body)}"`;
    return {
      id: encodeBase64(id),
      frame: Buffer.from(`${before}${bytes},"slots":${JSON.stringify(slots)}}`),
      sealedAt: before.length,
      sealedEnd: before.length + bytes.length,
      tag: encodeBase64(tag),
    };
  });
}

/** Whether what arrived is this message, byte for byte. */
export function isSame(
  { frame, sealedAt, sealedEnd }: Prepared,
  { header, body }: { header: string; body: string },
): boolean {
  return frame.toString('latin1', sealedAt, sealedEnd) === `"header":"${header}","body":"${body}"`;
}
