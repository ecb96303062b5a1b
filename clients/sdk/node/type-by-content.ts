// What a file is by its bytes, whatever its name says or its sender claims. A head of bounded length is looked at and nothing of it is run; it may
// be a stranger's, so the library sees bytes in memory only, and its failures mean "unknown".

/** What is looked at of a file. */
export const HEAD_BYTES = 65_536;
const UNKNOWN = 'application/octet-stream';
const TEXT = 'text/plain';
/** Text has none of these: C0 but tab, line ends, form feed, backspace and escape, and DEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BINARY = /[\u0000-\u0007\u000e-\u001a\u001c-\u001f\u007f]/;
/** Types of text that bytes do not tell apart. */
const TEXTUAL = /^text\/|^application\/(?:.+\+)?(?:json|xml|javascript|x-sh|yaml|toml|sql|rtf)$|\+(?:json|xml)$/;

/** The MIME type, `type/subtype` alone. `head`: the first HEAD_BYTES of a file, or all of a shorter one. Never throws. */
export async function typeByContent(head: Uint8Array): Promise<string> {
  // Loaded for files only: it is 40 modules.
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  if (found !== undefined) return bare(found.mime);
  return isText(head) ? TEXT : UNKNOWN;
}

/** Whether a type that was claimed and the one of the content cannot both be right. Types that bytes do not tell apart can. */
export function contradicts(claimed: string, found: string): boolean {
  if (found === claimed || found === UNKNOWN || claimed === UNKNOWN) return false;
  if (found === TEXT || found === 'application/xml') return !TEXTUAL.test(claimed);
  return true;
}

/** Parameters are of the content's encoding; a type as it is told has none. */
function bare(mime: string): string {
  return mime.replace(/;.*/, '').trim().toLowerCase();
}

/** UTF-8 with no control character that text has none of. Of a head that is all there can be, the last character may be cut. */
function isText(head: Uint8Array): boolean {
  if (head.length === 0) return false;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length === HEAD_BYTES });
    return !BINARY.test(text);
  } catch {
    return false;
  }
}
