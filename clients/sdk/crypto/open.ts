// Opening a message, suite 1: every check in the order of DESIGN section 5, so that the first that fails names the fault.
// It decides and changes nothing: what it returns is committed by the caller, and only then acked.
import { type Conversation, otherParticipant } from '#protocol/address.ts';
import { decodeBase64 } from '#protocol/base64.ts';
import { equalBytes } from '#protocol/bytes.ts';
import {
  type Body,
  type DeviceIds,
  decodeHeader,
  encodeIds,
  type Header,
  messageHashOf,
  splitBody,
} from '#protocol/envelope.ts';
import { CryptoError, type OpenStep, ProtocolError } from '#protocol/errors.ts';
import { H, S } from '#protocol/hash.ts';
import { SLOT_BYTES } from '#protocol/limits.ts';
import { openSecretbox } from './nacl.ts';
import { unpad } from './padding.ts';
import { decodePrivate, type PrivatePart, type Unsealed } from './private.ts';
import { checkGroupSignature } from './signature.ts';
import { type BoxKeys, openSlot, slotTranscript } from './slot.ts';

/** A sender's device as this client's own copy of a good account log has it. */
export interface SenderDevice {
  /** The identity pinned for the address, never one from the message. */
  readonly identity: Uint8Array;
  readonly x25519: Uint8Array;
  readonly ed25519: Uint8Array;
  readonly revoked: boolean;
}

/** `fresh`: show it. `repeat`: ack it, show nothing. `fork`: two messages in one place; show that. */
export type Verdict = 'fresh' | 'repeat' | 'fork';

/** What the opening device knows. All answers are from what it holds: logs are fetched before. */
export interface OpenWorld {
  readonly me: DeviceIds;
  readonly boxKeys: BoxKeys;
  /** Whether this group is one of mine. Direct conversations need no list: the addresses say it. */
  isMyGroup(group: Uint8Array): boolean;
  senderDevice(address: string, device: Uint8Array): SenderDevice | undefined;
  /** Group: (epoch, head) is an entry of the verified log, and this identity a member in that state. */
  isMember(header: Header, identity: Uint8Array): boolean;
  /** Group: the highest epoch so far in the order; 0 if none. */
  lastEpoch(group: Uint8Array): number;
  /** By (device, id) and (device, conversation, seq): unseen, seen with this hash, or seen with another. */
  dedupe(header: Header, messageHash: Uint8Array): Verdict;
}

/** What one device is given of a message. */
export interface Given {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly slot: Uint8Array;
  /** A late slot is exempt from "epochs never fall". */
  readonly late?: boolean;
}

export interface OpenedMessage {
  readonly header: Header;
  readonly private: PrivatePart;
  readonly messageHash: Uint8Array;
  /** K: makes the `received` tags. */
  readonly messageKey: Uint8Array;
}

export interface Opened {
  readonly verdict: Verdict;
  readonly message: OpenedMessage;
}

/** The bytes of what came in Base64; any other spelling is a CryptoError at step `parse`. */
export function decodeGiven(text: { readonly header: string; readonly body: string; readonly slot: string }): Given {
  return at('parse', () => ({
    header: decodeBase64(text.header),
    body: decodeBase64(text.body),
    slot: decodeBase64(text.slot),
  }));
}

/** The header of a message that is to be opened: says whose account log and which group log must be at hand. CryptoError `parse`. */
export function readHeader(bytes: Uint8Array): Header {
  return at('parse', () => decodeHeader(bytes));
}

/** Opens a message, or throws the CryptoError of the first step that fails; then it is to be kept and shown, not dropped. */
export function openMessage(given: Given, world: OpenWorld): Opened {
  const header = readHeader(given.header);
  const body = at('parse', () => splitBody(given.body));
  if (given.slot.length !== SLOT_BYTES) throw new CryptoError('parse', 'The slot has a wrong length.');
  checkPlace(header, world);
  const sender = checkDevice(header, world);

  const headerHash = H(given.header);
  const ciphertextHash = H(body.ciphertext);
  const messageHash = messageHashOf(headerHash, body.nonce, body.commit, ciphertextHash);
  const senderIds = encodeIds({ address: header.sender, identity: sender.identity, device: header.device });
  const transcript = slotTranscript(messageHash, senderIds, world.me);
  const messageKey = openSlot(given.slot, transcript, world.boxKeys.with(sender.x25519));

  const commit = S('commit', messageKey, body.nonce, headerHash, ciphertextHash);
  if (!equalBytes(commit, body.commit)) {
    throw new CryptoError('commit', 'The key of this slot is not the one that the message commits to.');
  }
  const unsealed = unseal(body, messageKey, header);
  checkSignature(unsealed, header, messageKey, body.nonce, headerHash, sender);
  checkMember(header, world, sender, given.late === true);
  const message = { header, private: unsealed.part, messageHash, messageKey };
  return { verdict: world.dedupe(header, messageHash), message };
}

function at<T>(step: OpenStep, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ProtocolError) throw new CryptoError(step, error.message);
    throw error;
  }
}

/** Steps `self` and `conversation`. */
function checkPlace({ conversation, device, sender }: Header, { me, isMyGroup }: OpenWorld): void {
  if (equalBytes(device, me.device)) throw new CryptoError('self', 'This device sent the message itself.');
  if (!isMine(conversation, me.address, isMyGroup)) {
    throw new CryptoError('conversation', 'The message is of a conversation of others.');
  }
  if (conversation.kind === 'direct' && otherParticipant(conversation, sender) === undefined) {
    throw new CryptoError('conversation', 'The sender is not in the conversation.');
  }
}

function isMine(conversation: Conversation, me: string, isMyGroup: OpenWorld['isMyGroup']): boolean {
  if (conversation.kind === 'group') return isMyGroup(conversation.group);
  return otherParticipant(conversation, me) !== undefined;
}

function checkDevice(header: Header, world: OpenWorld): SenderDevice {
  const device = world.senderDevice(header.sender, header.device);
  if (device === undefined) throw new CryptoError('device', 'The sending device is in no account log of the sender.');
  if (device.revoked) throw new CryptoError('device', 'The sending device was revoked.');
  return device;
}

function unseal(body: Body, messageKey: Uint8Array, header: Header): Unsealed {
  const padded = openSecretbox(body.ciphertext, body.nonce, messageKey);
  if (padded === undefined) throw new CryptoError('body', 'The body does not open.');
  return at('body', () => decodePrivate(unpad(padded), header));
}

function checkSignature(
  { bytes, signature }: Unsealed,
  header: Header,
  messageKey: Uint8Array,
  nonce: Uint8Array,
  headerHash: Uint8Array,
  sender: SenderDevice,
): void {
  if (header.conversation.kind === 'group') {
    checkGroupSignature(signature, messageKey, nonce, headerHash, bytes, sender.ed25519);
  } else if (signature.length !== 0) {
    throw new CryptoError('signature', 'A direct message carries a signature.');
  }
}

function checkMember(header: Header, world: OpenWorld, sender: SenderDevice, late: boolean): void {
  if (header.conversation.kind === 'direct') return;
  if (!world.isMember(header, sender.identity)) {
    throw new CryptoError('member', 'The sender was no member of the group at that epoch.');
  }
  if (!late && header.epoch < world.lastEpoch(header.conversation.group)) {
    throw new CryptoError('member', 'The message is of an earlier epoch than one before it.');
  }
}
