// What a sender calls a file, as a name that any file system of Linux, macOS and Windows takes for one file of the folder it is saved in, and that
// shows a person what it is: a name is text of a stranger's, and saving a file is where it becomes part of a path.
import { FILE_NAME_MAX_BYTES } from '#protocol/limits.ts';
import type { FileInfo } from '../content/file.ts';

/** What a name of one file may have everywhere, UTF-8. */
export const SAFE_NAME_MAX_BYTES = 255;
/** What lies behind the last dot of a longer one is no extension. With the dot, UTF-8. */
const EXTENSION_MAX_BYTES = 32;

const SEPARATOR = /[/\\]/;
/** What is not seen, turns the direction of writing, has no meaning of its own, or stands for a reserved character on network drives (private use). */
const UNSEEN = /[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;
/** Line ends and escapes, too; and many spaces move an extension out of sight. */
const SPACES = /[\p{Z}\p{Cc}]+/gu;
/** Windows: wildcards, pipes, and the colon of drives and streams. */
const RESERVED = /[<>:"|?*/\\]/g;
/** A dot hides a file, a hyphen makes it an option and a tilde a home to whoever types it; a mark would stand on the separator before it. */
const LEADING = /^[ .~\p{M}-]+/u;
/** Windows drops these, and opens another file. */
const TRAILING = /[ .]+$/;
/** Windows: devices, whatever extension they have. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

/** Of the types that people send most, what programs go by. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/pdf': '.pdf',
  'application/zip': '.zip',
  'audio/mpeg': '.mp3',
  'audio/ogg': '.ogg',
  'image/gif': '.gif',
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/webp': '.webp',
  'text/plain': '.txt',
  'video/mp4': '.mp4',
  'video/webm': '.webm',
};
const KINDS: readonly string[] = ['image', 'audio', 'video'];

const encoder = new TextEncoder();

/** One segment of a path, 1 to SAFE_NAME_MAX_BYTES of UTF-8, in NFC; named after its type where nothing of the name is left. What it has returned it returns again. */
export function safeFileName({ name, type }: Pick<FileInfo, 'name' | 'type'>): string {
  const segment = fitted(segmentOf(name), '');
  if (segment === undefined) return defaultName(type);
  return DEVICE.test(segment) ? (fitted(`_${segment}`, '') ?? defaultName(type)) : segment;
}

/** The same name with a number, as in `holiday (2).jpg`: for the second of that name. Never longer than a name may be. */
export function numberedName(name: string, number: number): string {
  const suffix = ` (${number})`;
  return fitted(name, suffix) ?? `file${suffix}`;
}

/** What of a name may stand in a path: its last part, without what is unseen, reserved or dropped. May be empty or too long. */
function segmentOf(name: string): string {
  // Nobody may send more; what another version sends does not take longer for it.
  const text = name.slice(0, FILE_NAME_MAX_BYTES).toWellFormed();
  const base = text.split(SEPARATOR).findLast((part) => part !== '' && part !== '.' && part !== '..') ?? '';
  const seen = base.replace(UNSEEN, '').replace(SPACES, ' ').normalize('NFC').replace(RESERVED, '_');
  return seen.replace(LEADING, '').replace(TRAILING, '');
}

/** With `suffix` ahead of the extension. What is too long loses characters, as people count them, ahead of both; undefined where none is left. */
function fitted(name: string, suffix: string): string | undefined {
  const dot = name.lastIndexOf('.');
  const hasExtension = dot > 0 && bytesOf(name.slice(dot)) <= EXTENSION_MAX_BYTES;
  const [stem, extension] = hasExtension ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const room = SAFE_NAME_MAX_BYTES - bytesOf(suffix + extension);
  const kept = bytesOf(stem) <= room ? stem : beginning(stem, room).replace(TRAILING, '');
  return kept === '' ? undefined : `${kept}${suffix}${extension}`;
}

/** The first whole characters of a text, as people count them, that have so many bytes at most. */
function beginning(text: string, maxBytes: number): string {
  let bytes = 0;
  // Made here: the first one takes some 20 ms, which every start would have to pay.
  for (const { segment, index } of new Intl.Segmenter('en').segment(text)) {
    bytes += bytesOf(segment);
    if (bytes > maxBytes) return text.slice(0, index);
  }
  return text;
}

function defaultName(type: string): string {
  const [kind = ''] = type.split('/');
  return `${KINDS.includes(kind) ? kind : 'file'}${EXTENSIONS[type] ?? ''}`;
}

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}
