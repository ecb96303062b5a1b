// Content of kind 5: a file, which is not in the message but in a blob of the server's; and what opens that blob.
//
//   blob (32) ‖ key (32) ‖ root (32) ‖ u64 size ‖ LP(type) ‖ LP(name) ‖ u8 0
//                                                              or ‖ u8 1 ‖ u32 width ‖ u32 height ‖ u8 w ‖ u8 h ‖ w · h pixels of 3 bytes
//
// An image has a preview of bare pixels: a decoder would be the first thing of a stranger's to run here, and could be made to fill memory.
import { ByteReader, ByteWriter } from '#protocol/bytes.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { HASH_BYTES } from '#protocol/hash.ts';
import { FILE_MAX_BYTES, FILE_NAME_MAX_BYTES, FILE_TYPE_MAX_CHARS, PREVIEW_MAX_SIDE } from '#protocol/limits.ts';

/** Of a blob's name. */
export const BLOB_BYTES = 32;
export const FILE_KEY_BYTES = 32;
const PIXEL_BYTES = 3;
/** `type/subtype`, without parameters. */
const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/;

/** Rows of pixels from the top, each a byte of red, green and blue. */
export type Preview = { readonly width: number; readonly height: number; readonly pixels: Uint8Array };
/** `width`, `height`: of the whole image, as its sender says. */
export type ImageInfo = { readonly width: number; readonly height: number; readonly preview: Preview };

/** `size`: bytes. `name`, `type` (MIME): as the sender says; nothing to make a path of. `root`: what all chunks have to hash to (crypto/file.ts). */
export type FileInfo = {
  readonly blob: Uint8Array;
  readonly key: Uint8Array;
  readonly root: Uint8Array;
  readonly size: number;
  readonly type: string;
  readonly name: string;
  readonly image?: ImageInfo;
};

/** What cannot be described so is a ProtocolError. */
export function encodeFile(file: FileInfo): Uint8Array {
  check(file);
  const { blob, key, root, size, type, name, image } = file;
  const writer = new ByteWriter()
    .raw(blob, BLOB_BYTES)
    .raw(key, FILE_KEY_BYTES)
    .raw(root, HASH_BYTES)
    .u64(size)
    .text(type)
    .text(name)
    .u8(image === undefined ? 0 : 1);
  if (image === undefined) return writer.finish();
  const { width, height, preview } = image;
  return writer.u32(width).u32(height).u8(preview.width).u8(preview.height).raw(preview.pixels).finish();
}

/** All that `encodeFile` would not write is a ProtocolError. */
export function decodeFile(bytes: Uint8Array): FileInfo {
  const reader = new ByteReader(bytes);
  const file = {
    blob: reader.raw(BLOB_BYTES).slice(),
    key: reader.raw(FILE_KEY_BYTES).slice(),
    root: reader.raw(HASH_BYTES).slice(),
    size: reader.u64(),
    type: reader.text(FILE_TYPE_MAX_CHARS),
    name: reader.text(FILE_NAME_MAX_BYTES),
    ...readImage(reader),
  };
  reader.end();
  check(file);
  return file;
}

function readImage(reader: ByteReader): { readonly image?: ImageInfo } {
  const has = reader.u8();
  if (has > 1) throw new ProtocolError('A file neither has an image nor has none.');
  if (has === 0) return {};
  const [width, height] = [reader.u32(), reader.u32()];
  const [w, h] = [reader.u8(), reader.u8()];
  const pixels = reader.raw(w * h * PIXEL_BYTES).slice();
  return { image: { width, height, preview: { width: w, height: h, pixels } } };
}

const encoder = new TextEncoder();

function check({ size, type, name, image }: FileInfo): void {
  if (size > FILE_MAX_BYTES)
    throw new ProtocolError(`A file has ${size} bytes; at most ${FILE_MAX_BYTES} are allowed.`);
  if (type.length > FILE_TYPE_MAX_CHARS || !TYPE.test(type)) throw new ProtocolError('A file has a type that is none.');
  const nameBytes = encoder.encode(name).length;
  if (nameBytes === 0 || nameBytes > FILE_NAME_MAX_BYTES)
    throw new ProtocolError(`The name of a file has ${nameBytes} bytes.`);
  if (image === undefined) return;
  const { width, height, preview } = image;
  if (width === 0 || height === 0) throw new ProtocolError('An image has no pixel.');
  for (const side of [preview.width, preview.height]) {
    if (side < 1 || side > PREVIEW_MAX_SIDE) throw new ProtocolError(`A preview has a side of ${side} pixels.`);
  }
  if (preview.pixels.length !== preview.width * preview.height * PIXEL_BYTES)
    throw new ProtocolError('A preview has other pixels than it says.');
}
