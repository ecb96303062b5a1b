// Names, addresses and conversations: who talks to whom, each with exactly one spelling (DESIGN sections 4 and 5).
// Two spellings of one person would be two identities to pin and two conversations to order.
import { ByteReader, ByteWriter, toHex } from './bytes.ts';
import { ProtocolError, RequestError } from './errors.ts';
import { ADDRESS_MAX_CHARS } from './limits.ts';

const NAME_MIN_CHARS = 2;
const NAME_MAX_CHARS = 32;
const DOMAIN_MAX_CHARS = 253;
const GROUP_ID_BYTES = 32;
/** LP(address) twice. */
export const CONVERSATION_MAX_BYTES = 2 * (4 + ADDRESS_MAX_CHARS);

const NAME = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])$/;
const DOMAIN = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const ADDRESS = /^[a-z0-9][a-z0-9._-]{0,30}[a-z0-9]@[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

export interface Address {
  readonly name: string;
  readonly domain: string;
}

/** Why this is not a canonical name (of a person or a group), as a sentence; undefined if it is one. */
export function nameFault(name: string): string | undefined {
  if (name.length < NAME_MIN_CHARS) return `A name has at least ${NAME_MIN_CHARS} characters.`;
  if (name.length > NAME_MAX_CHARS) return `A name has at most ${NAME_MAX_CHARS} characters.`;
  if (!/^[a-z0-9._-]*$/.test(name)) return 'A name consists of a-z, 0-9, dot, underscore and hyphen.';
  if (!NAME.test(name)) return 'A name begins and ends with a letter or digit.';
  return undefined;
}

/** Why this is not a canonical domain, as a sentence; undefined if it is one. */
function domainFault(domain: string): string | undefined {
  if (domain.length === 0) return 'The domain is empty.';
  if (domain.length > DOMAIN_MAX_CHARS) return `A domain has at most ${DOMAIN_MAX_CHARS} characters.`;
  if (!/^[a-z0-9.-]*$/.test(domain)) return 'A domain consists of a-z, 0-9, dot and hyphen.';
  if (!DOMAIN.test(domain)) return 'A domain begins and ends with a letter or digit.';
  return undefined;
}

/** Why this is not a canonical address, as a sentence; undefined if it is one. */
export function addressFault(text: string): string | undefined {
  const at = text.indexOf('@');
  if (at < 0 || text.indexOf('@', at + 1) >= 0) return 'An address is name@domain, with exactly one @.';
  return nameFault(text.slice(0, at)) ?? domainFault(text.slice(at + 1));
}

/** Whether this is a canonical address: `addressFault` in one expression, for every frame and header. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** Whether this is a canonical domain. */
export function isDomain(text: string): boolean {
  return domainFault(text) === undefined;
}

/** Name and domain of a canonical address; anything else is a ProtocolError that says why. */
export function parseAddress(text: string): Address {
  const fault = addressFault(text);
  if (fault !== undefined) throw new ProtocolError(fault);
  const at = text.indexOf('@');
  return { name: text.slice(0, at), domain: text.slice(at + 1) };
}

/**
 * The canonical address that a person means: folded to lower case, a bare name in `ownDomain` (DESIGN section 4).
 * What is none is a RequestError `bad_name` that says why.
 */
export function resolveAddress(typed: string, ownDomain: string): string {
  const lower = typed.toLowerCase();
  const address = lower.includes('@') ? lower : `${lower}@${ownDomain}`;
  const fault = addressFault(address);
  if (fault !== undefined) throw new RequestError('bad_name', fault);
  return address;
}

/** Order of addresses: their UTF-8 bytes, a prefix being lower. Canonical ones are ASCII, so code units are the bytes. */
export function compareAddresses(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export interface DirectConversation {
  readonly kind: 'direct';
  /** Canonical addresses in order; the same one twice in a conversation with oneself. */
  readonly lower: string;
  readonly higher: string;
}

export interface GroupConversation {
  readonly kind: 'group';
  /** 32 bytes: the hash of the group's first log entry. */
  readonly group: Uint8Array;
}

export type Conversation = DirectConversation | GroupConversation;

/** The conversation of two canonical addresses, in whichever order they are given. */
export function directConversation(a: string, b: string): DirectConversation {
  const inOrder = compareAddresses(a, b) <= 0;
  return { kind: 'direct', lower: inOrder ? a : b, higher: inOrder ? b : a };
}

/**
 * Direct: LP(lower) ‖ LP(higher); group: its 32 bytes. Addresses in the wrong order, or an id of another size, are a
 * ProtocolError.
 */
export function encodeConversation(conversation: Conversation): Uint8Array {
  if (conversation.kind === 'group') {
    return new ByteWriter(GROUP_ID_BYTES).raw(conversation.group, GROUP_ID_BYTES).finish();
  }
  checkOrder(conversation);
  return new ByteWriter(96).text(conversation.lower).text(conversation.higher).finish();
}

/**
 * Inverse of `encodeConversation`; addresses that are not canonical are a ProtocolError too. The kind is known from the
 * header; a group id is a view.
 */
export function decodeConversation(kind: Conversation['kind'], bytes: Uint8Array): Conversation {
  const reader = new ByteReader(bytes);
  const conversation: Conversation =
    kind === 'group'
      ? { kind, group: reader.raw(GROUP_ID_BYTES) }
      : { kind, lower: reader.text(ADDRESS_MAX_CHARS), higher: reader.text(ADDRESS_MAX_CHARS) };
  reader.end();
  if (conversation.kind === 'direct') checkDirect(conversation);
  return conversation;
}

/** Refuses (ProtocolError) a direct conversation that no header may name: addresses not canonical, or in the wrong order. */
export function checkDirect(conversation: DirectConversation): void {
  if (!isAddress(conversation.lower) || !isAddress(conversation.higher)) {
    throw new ProtocolError('A conversation has an address that is not canonical.');
  }
  checkOrder(conversation);
}

function checkOrder({ lower, higher }: DirectConversation): void {
  if (compareAddresses(lower, higher) > 0) {
    throw new ProtocolError('The addresses of a conversation are in the wrong order.');
  }
}

/** A string that is the same exactly for the same conversation: for maps and stores. Neither form can be the other's. */
export function conversationKey(conversation: Conversation): string {
  if (conversation.kind === 'group') return toHex(conversation.group);
  return `${conversation.lower} ${conversation.higher}`;
}

/** Who else is in a direct conversation (oneself in a conversation with oneself); undefined if `me` is not in it. */
export function otherParticipant(conversation: DirectConversation, me: string): string | undefined {
  if (conversation.lower === me) return conversation.higher;
  return conversation.higher === me ? conversation.lower : undefined;
}
