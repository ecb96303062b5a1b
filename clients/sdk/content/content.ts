// What a message says, once opened: LP(content) of the sealed part (DESIGN section 5, which leaves it opaque).
//
//   content = empty                   nothing to show: stands under the number of a message that was given up
//           | u8 kind ‖ rest          kind 1: text, rest = 1 to 65,536 bytes of well-formed UTF-8, not normalised
//                                     kind 2: receipt (content-receipt.ts): which messages were read
//                                     kind 3: name of an own device (content-name.ts)
//                                     kind 4: receipt of a group's messages, sent to their writer alone: group id (32 bytes) ‖ as kind 2
//                                     kind 5: file (content-file.ts)
//                                     kinds 6 to 255: later ones (edits); kind 0 is never used
//
// A client that does not know a kind keeps the bytes and shows "a message of kind N that this version cannot show". Ill-formed
// text is shown likewise. Content is data: nothing in it is ever taken for a command, a path or markup.
import { concat } from '#protocol/bytes.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { HASH_BYTES } from '#protocol/hash.ts';
import { CONTENT_MAX_BYTES, TEXT_MAX_BYTES } from '#protocol/limits.ts';
import type { ReadMark } from '../profile/profile.ts';
import { Refusal } from '../refusal.ts';
import { decodeFile, encodeFile, type FileInfo } from './file.ts';
import { decodeDeviceName, encodeDeviceName, type NamedDevice } from './name.ts';
import { decodeReceipt, encodeReceipt } from './receipt.ts';

const KIND_TEXT = 1;
const KIND_RECEIPT = 2;
const KIND_NAME = 3;
const KIND_GROUP_RECEIPT = 4;
const KIND_FILE = 5;

/** `group`: the id of the group whose messages were read; absent: they are of the conversation in which it comes. */
export type ReceiptContent = {
  readonly kind: 'receipt';
  readonly group?: Uint8Array;
  readonly read: readonly ReadMark[];
};

export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'empty' }
  | ReceiptContent
  | { readonly kind: 'name'; readonly name: NamedDevice }
  | { readonly kind: 'file'; readonly file: FileInfo }
  /** `number`: the kind that this version does not know, or that was not well formed. */
  | { readonly kind: 'unknown'; readonly number: number };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The content of a text. Throws Refusal: empty, over 65,536 bytes of UTF-8, or not well-formed (a lone surrogate). */
export function textContent(text: string): Uint8Array {
  if (text.length === 0) throw new Refusal('bad_text', 'There is nothing to send: the text is empty.');
  if (!text.isWellFormed()) throw new Refusal('bad_text', 'The text is not well-formed Unicode.');
  const utf8 = encoder.encode(text);
  if (utf8.length > TEXT_MAX_BYTES) {
    throw new Refusal(
      'text_too_long',
      `The text has ${utf8.length} bytes; ${TEXT_MAX_BYTES} are allowed. Send it in parts.`,
    );
  }
  const content = new Uint8Array(1 + utf8.length);
  content[0] = KIND_TEXT;
  content.set(utf8, 1);
  return content;
}

/** The content that says of these messages that they were read: 1 to 100 of them, each once. `group`: the id of the group that they are of. */
export function receiptContent(read: readonly ReadMark[], group?: Uint8Array): Uint8Array {
  if (group === undefined) return concat(Uint8Array.of(KIND_RECEIPT), encodeReceipt(read));
  return concat(Uint8Array.of(KIND_GROUP_RECEIPT), group, encodeReceipt(read));
}

/** The content that says what a device is called. Throws ProtocolError for what is no name. */
export function nameContent(name: NamedDevice): Uint8Array {
  return concat(Uint8Array.of(KIND_NAME), encodeDeviceName(name));
}

/** The content that says where a file is and what opens it. Throws ProtocolError for what cannot be described so. */
export function fileContent(file: FileInfo): Uint8Array {
  return concat(Uint8Array.of(KIND_FILE), encodeFile(file));
}

/** The content under the number of a message that was given up. */
export const EMPTY_CONTENT = new Uint8Array(0);

/** Reads any bytes; never throws, because what a person sent is shown in some way. */
export function readContent(content: Uint8Array): Content {
  const number = content[0];
  if (number === undefined) return { kind: 'empty' };
  if (content.length > CONTENT_MAX_BYTES) return { kind: 'unknown', number };
  const rest = content.subarray(1);
  switch (number) {
    case KIND_TEXT:
      return readText(rest) ?? { kind: 'unknown', number };
    case KIND_RECEIPT:
      return readAs(() => ({ kind: 'receipt', read: decodeReceipt(rest) })) ?? { kind: 'unknown', number };
    case KIND_GROUP_RECEIPT: {
      const group = rest.slice(0, HASH_BYTES);
      const read = () => ({ kind: 'receipt', group, read: decodeReceipt(rest.subarray(HASH_BYTES)) }) as const;
      return readAs(read) ?? { kind: 'unknown', number };
    }
    case KIND_NAME:
      return readAs(() => ({ kind: 'name', name: decodeDeviceName(rest) })) ?? { kind: 'unknown', number };
    case KIND_FILE:
      return readAs(() => ({ kind: 'file', file: decodeFile(rest) })) ?? { kind: 'unknown', number };
    default:
      return { kind: 'unknown', number };
  }
}

/** Whether it is for a person. What clients tell each other is not, however ill-formed: nobody wrote it. */
export function isShown(content: Content): boolean {
  switch (content.kind) {
    case 'text':
    case 'file':
      return true;
    case 'unknown':
      return ![KIND_RECEIPT, KIND_NAME, KIND_GROUP_RECEIPT].includes(content.number);
    case 'empty':
    case 'receipt':
    case 'name':
      return false;
  }
}

function readText(utf8: Uint8Array): Content | undefined {
  if (utf8.length === 0 || utf8.length > TEXT_MAX_BYTES) return undefined;
  try {
    return { kind: 'text', text: decoder.decode(utf8) };
  } catch {
    return undefined;
  }
}

function readAs(read: () => Content): Content | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
