// Sealing a message, suite 1 (DESIGN section 5): a pure function of its fields, K and n, so that the golden vectors pin it.
import { concat } from '#protocol/bytes.ts';
import {
  type DeviceIds,
  encodeHeader,
  encodeIds,
  type Header,
  joinBody,
  messageHash,
  messageHashOf,
  NONCE_BYTES,
} from '#protocol/envelope.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { H, S } from '#protocol/hash.ts';
import { secretbox } from './nacl.ts';
import { pad } from './padding.ts';
import { encodePrivate, type PrivatePart } from './private.ts';
import { sign } from './signature.ts';
import { type BoxKeys, MESSAGE_KEY_BYTES, sealSlot, slotTranscript } from './slot.ts';

/** The device that seals; its address and device id stand in the header. */
export interface SealingDevice {
  /** The public identity key of its account. */
  readonly identity: Uint8Array;
  /** The seed of its own Ed25519 pair: signs group messages. */
  readonly ed25519Seed: Uint8Array;
  readonly boxKeys: BoxKeys;
}

/** A device that is to read the message, from a good account log. */
export interface SlotRecipient extends DeviceIds {
  readonly x25519: Uint8Array;
}

/** A slot as it stands in an envelope; `device` and `slot` are 32 and 80 bytes. */
export interface SealedSlot {
  readonly to: string;
  readonly device: Uint8Array;
  readonly slot: Uint8Array;
}

export interface SealInput {
  readonly header: Header;
  readonly private: PrivatePart;
  /** K, 32 random bytes, and n, 24: new for EVERY sealing. */
  readonly messageKey: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sender: SealingDevice;
  readonly recipients: readonly SlotRecipient[];
}

export interface Sealed {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  /** In the order of the recipients. */
  readonly slots: readonly SealedSlot[];
  readonly messageHash: Uint8Array;
  /** To be kept with the message until its late slots and `received` tags are done with. */
  readonly messageKey: Uint8Array;
}

/** Seals to every recipient device. Fields that no message may have are a ProtocolError, a bad recipient key a CryptoError `slot`. */
export function seal(input: SealInput): Sealed {
  const { messageKey, nonce } = input;
  if (messageKey.length !== MESSAGE_KEY_BYTES || nonce.length !== NONCE_BYTES) {
    throw new ProtocolError('Sealing needs a key of 32 and a nonce of 24 bytes.');
  }
  const header = encodeHeader(input.header);
  const headerHash = H(header);
  const privateBytes = encodePrivate(input.private, input.header);
  const signed =
    input.header.conversation.kind === 'group'
      ? concat(privateBytes, sign(messageKey, nonce, headerHash, privateBytes, input.sender.ed25519Seed))
      : privateBytes;
  const ciphertext = secretbox(pad(signed), nonce, messageKey);
  const ciphertextHash = H(ciphertext);
  const commit = S('commit', messageKey, nonce, headerHash, ciphertextHash);
  const hash = messageHashOf(headerHash, nonce, commit, ciphertextHash);
  return {
    header,
    body: joinBody({ nonce, commit, ciphertext }),
    slots: sealSlots(hash, messageKey, input.header, input.sender, input.recipients),
    messageHash: hash,
    messageKey,
  };
}

/** What the sender keeps of a sealed message, to add slots later. */
export type KeptMessage = Pick<Sealed, 'header' | 'body' | 'messageKey'>;

/**
 * Late slots: further recipients of a message whose sealed bytes stay as they are (DESIGN section 5; whether a device may
 * have one is the caller's decision). `fields` is the decoded header of the kept bytes.
 */
export function sealLateSlots(
  kept: KeptMessage,
  fields: Pick<Header, 'sender' | 'device'>,
  sender: SealingDevice,
  recipients: readonly SlotRecipient[],
): SealedSlot[] {
  return sealSlots(messageHash(kept.header, kept.body), kept.messageKey, fields, sender, recipients);
}

function sealSlots(
  hash: Uint8Array,
  messageKey: Uint8Array,
  { sender: address, device }: Pick<Header, 'sender' | 'device'>,
  sender: SealingDevice,
  recipients: readonly SlotRecipient[],
): SealedSlot[] {
  const senderIds = encodeIds({ address, identity: sender.identity, device });
  return recipients.map((recipient) => ({
    to: recipient.address,
    device: recipient.device,
    slot: sealSlot(messageKey, slotTranscript(hash, senderIds, recipient), sender.boxKeys.with(recipient.x25519)),
  }));
}
