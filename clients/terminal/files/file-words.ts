// A file in words and in the fields of a JSON line: what its sender says of it, and what became of it here.
import type { FileInfo } from '../../sdk/index.ts';
import { visible } from '../escape.ts';
import { sizeText } from './size-text.ts';

/** Where it is, and its MIME type by content where its sender's word contradicts that; or why it could not be had, as a sentence. */
export type Saved = { readonly path: string; readonly contentType?: string } | { readonly error: string };

/** `(file holiday.jpg, 1.2 MB)`, on one line whatever its sender calls it. It stands behind a name without a colon: so no text can look like it. */
export function fileText({ name, size, type }: Pick<FileInfo, 'name' | 'size' | 'type'>, saved?: Saved): string {
  const what = `file ${visible(name)}, ${sizeText(size)}`;
  if (saved === undefined) return `(${what})`;
  if ('error' in saved) return `(${what}, not saved: ${saved.error})`;
  const { path, contentType } = saved;
  const beware = contentType === undefined ? '' : `; its sender says ${type}, its content is ${contentType}`;
  return `(${what}: ${path}${beware})`;
}

/** The field `file` of a message. */
export function fileFields({ name, size, type, image }: FileInfo, saved?: Saved) {
  const pixels = image === undefined ? {} : { width: image.width, height: image.height };
  return { name, size, type, ...pixels, ...saved };
}
