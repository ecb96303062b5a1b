// A file's chunks, sealed and opened one by one, and the root that stands for all of them (PROTOCOL.md, Files). Nothing here holds more than a chunk and
// the hashes, 32 bytes each: 8 MiB for the largest file.
import { fileCipher } from '#file-cipher';
import { ByteWriter, isZero } from '#protocol/bytes.ts';
import { H, HASH_BYTES, S } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES } from '#protocol/limits.ts';
import { chunkBytes, chunkCount, paddedBytes, SEALED_CHUNK_BYTES } from '#protocol/sealed-file.ts';

const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/** Of a file of so many bytes: its key (32 bytes), by which every chunk is sealed once. */
export type FileSeal = { readonly key: Uint8Array; readonly size: number };

/** How long chunk `index` is once it is sealed. */
export function sealedChunkBytes(size: number, index: number): number {
  const isLast = index === chunkCount(size) - 1;
  return isLast ? paddedBytes(chunkBytes(size, index)) + TAG_BYTES : SEALED_CHUNK_BYTES;
}

/** Seals chunk `index` into `sealed`, which has room for it exactly (`sealedChunkBytes`). Returns H(C_i): what was sealed under this key and index. */
export function sealChunk({ key, size }: FileSeal, index: number, plain: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (plain.length !== chunkBytes(size, index)) throw new RangeError(`Chunk ${index} has ${plain.length} bytes.`);
  fileCipher.seal(sealed, padded(plain, sealed.length - TAG_BYTES), nonceOf(size, index), key);
  return H(sealed);
}

/** What chunk `index` holds, written to `plain`, which has room for a whole chunk: a view of it. Undefined: it is not this chunk of this file. */
export function openChunk(
  { key, size }: FileSeal,
  index: number,
  sealed: Uint8Array,
  plain: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length !== sealedChunkBytes(size, index)) return undefined;
  const opened = plain.subarray(0, sealed.length - TAG_BYTES);
  if (!fileCipher.open(opened, sealed, nonceOf(size, index), key)) return undefined;
  const length = chunkBytes(size, index);
  // Sealed again it must be the same bytes, so there is one padding.
  return isZero(opened.subarray(length)) ? opened.subarray(0, length) : undefined;
}

/** The root of a file of `size` bytes whose sealed chunks hash to these, one after the other. */
export function fileRoot(size: number, hashes: Uint8Array): Uint8Array {
  if (hashes.length !== chunkCount(size) * HASH_BYTES) throw new RangeError('A root is of the hashes of all chunks.');
  return S('file', new ByteWriter(12).u64(size).u32(FILE_CHUNK_BYTES).finish(), hashes);
}

function nonceOf(size: number, index: number): Uint8Array {
  const isLast = index === chunkCount(size) - 1;
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce.set(
    new ByteWriter(9)
      .u64(index)
      .u8(isLast ? 1 : 0)
      .finish(),
  );
  return nonce;
}

function padded(plain: Uint8Array, length: number): Uint8Array {
  if (plain.length === length) return plain;
  const longer = new Uint8Array(length);
  longer.set(plain);
  return longer;
}
