// What a message says, once opened: LP(content) of the sealed part (DESIGN section 5, which leaves it opaque).
//
//   content = empty                   nothing to show: stands under the number of a message that was given up
//           | u8 kind ‖ rest          kind 1: text, rest = 1 to 65,536 bytes of well-formed UTF-8, not normalised
//                                     kinds 2 to 255: later ones (files, edits, receipts); kind 0 is never used
//
// A client that does not know a kind keeps the bytes and shows "a message of kind N that this version cannot show". Ill-formed
// content of a known kind is shown likewise. Content is data: nothing in it is ever taken for a command, a path or markup.
import { CONTENT_MAX_BYTES, TEXT_MAX_BYTES } from '#protocol/limits.ts';
import { Refusal } from './refusal.ts';

const KIND_TEXT = 1;

export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'empty' }
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

/** The content under the number of a message that was given up. */
export const EMPTY_CONTENT = new Uint8Array(0);

/** Reads any bytes; never throws, because what a person sent is shown in some way. */
export function readContent(content: Uint8Array): Content {
  const number = content[0];
  if (number === undefined) return { kind: 'empty' };
  if (number !== KIND_TEXT || content.length > CONTENT_MAX_BYTES) return { kind: 'unknown', number };
  const utf8 = content.subarray(1);
  if (utf8.length === 0 || utf8.length > TEXT_MAX_BYTES) return { kind: 'unknown', number };
  try {
    return { kind: 'text', text: decoder.decode(utf8) };
  } catch {
    return { kind: 'unknown', number };
  }
}
