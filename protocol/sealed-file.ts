// How a file is cut, and how long it is once sealed: what a client uploads, what a server stores and what an offset means (PROTOCOL.md, Files).
//
//   file      = chunks of FILE_CHUNK_BYTES, the last one shorter; an empty file has one chunk
//   sealed    = each chunk in a secretbox (a tag longer), one after the other; the last one padded before
//   part      = FILE_PART_CHUNKS sealed chunks, the last part what is left: what one request of an upload carries
import { FILE_CHUNK_BYTES, FILE_MAX_BYTES, FILE_PADDING_BYTES, FILE_PART_CHUNKS } from './limits.ts';

const TAG_BYTES = 16;

/** A whole chunk as it is stored. */
export const SEALED_CHUNK_BYTES = FILE_CHUNK_BYTES + TAG_BYTES;
/** A whole part of an upload. */
export const PART_BYTES = FILE_PART_CHUNKS * SEALED_CHUNK_BYTES;

/** Chunks of a file of so many bytes: one at least. */
export function chunkCount(fileBytes: number): number {
  return Math.max(1, Math.ceil(fileBytes / FILE_CHUNK_BYTES));
}

/** Bytes of chunk `index` of a file of so many bytes, without padding. */
export function chunkBytes(fileBytes: number, index: number): number {
  return Math.min(FILE_CHUNK_BYTES, fileBytes - index * FILE_CHUNK_BYTES);
}

/** What the last chunk of so many bytes is padded to with zeros: a multiple of FILE_PADDING_BYTES above 0. */
export function paddedBytes(lastChunkBytes: number): number {
  return Math.max(1, Math.ceil(lastChunkBytes / FILE_PADDING_BYTES)) * FILE_PADDING_BYTES;
}

/** All sealed chunks of a file of so many bytes together. */
export function sealedBytes(fileBytes: number): number {
  const last = chunkCount(fileBytes) - 1;
  return last * SEALED_CHUNK_BYTES + paddedBytes(chunkBytes(fileBytes, last)) + TAG_BYTES;
}

/** The largest blob. */
export const BLOB_MAX_BYTES = sealedBytes(FILE_MAX_BYTES);

/** The length of the part that begins at `offset` of a blob of so many bytes; undefined if none begins there. */
export function partBytes(blobBytes: number, offset: number): number | undefined {
  if (offset % PART_BYTES !== 0 || offset < 0 || offset >= blobBytes) return undefined;
  return Math.min(PART_BYTES, blobBytes - offset);
}

/** Where blobs are, over HTTP; which one, its ticket says. */
export const BLOB_PATH = '/blob';
/** `Authorization: Parley-Ticket …` */
export const TICKET_SCHEME = 'Parley-Ticket';
/** Of an upload: how many bytes are stored, or where the ones that come begin. */
export const OFFSET_HEADER = 'upload-offset';
/** A ticket as it travels. */
export const TICKET_MAX_CHARS = 1_024;
