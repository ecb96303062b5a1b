// The chunks of a file that is being received: cut out of what the server sends, opened, and handed on in larger pieces. What is not this file's is a
// FileDamaged; nothing of a chunk is handed on before it was opened.
import { H, HASH_BYTES } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES } from '#protocol/limits.ts';
import { chunkBytes, chunkCount, SEALED_CHUNK_BYTES } from '#protocol/sealed-file.ts';
import type { FileInfo } from '../content/file.ts';
import { fileRoot, openChunk, sealChunk, sealedChunkBytes } from '../crypto/file.ts';
import type { FileTarget } from './file-source.ts';

/** Chunks that are written at a time: 1 MiB. */
const WRITE_CHUNKS = 16;

/** What came, or what was there, is not the file that the message describes. */
export class FileDamaged extends Error {
  override readonly name = 'FileDamaged';
}

export class OpenedChunks {
  readonly #file: FileInfo;
  readonly #target: FileTarget;
  readonly #hashes: Uint8Array;
  readonly #sealed = new Uint8Array(SEALED_CHUNK_BYTES);
  #sealedBytes = 0;
  readonly #plain = new Uint8Array(WRITE_CHUNKS * FILE_CHUNK_BYTES);
  #plainBytes = 0;
  /** Chunks that the target has. */
  #written = 0;
  /** Chunks that were opened. */
  #opened = 0;

  constructor(file: FileInfo, target: FileTarget) {
    this.#file = file;
    this.#target = target;
    this.#hashes = new Uint8Array(chunkCount(file.size) * HASH_BYTES);
  }

  /** Chunks that the target has: those behind it are to be fetched. */
  get written(): number {
    return this.#written;
  }

  get isWhole(): boolean {
    return this.#written === chunkCount(this.#file.size);
  }

  /** Takes what the target has of an earlier attempt, up to the end of a chunk; the rest is cut. */
  async takeUp(signal: AbortSignal): Promise<void> {
    const { size } = this.#file;
    const there = await this.#target.size();
    const chunks =
      there === size && size > 0
        ? chunkCount(size)
        : Math.min(Math.floor(there / FILE_CHUNK_BYTES), chunkCount(size) - 1);
    for (; this.#written < chunks; this.#written++, this.#opened++) {
      signal.throwIfAborted();
      const plain = await this.#target.read(this.#written * FILE_CHUNK_BYTES, chunkBytes(size, this.#written));
      if (plain.length !== chunkBytes(size, this.#written)) break;
      const box = this.#sealed.subarray(0, sealedChunkBytes(size, this.#written));
      this.#hashes.set(sealChunk(this.#file, this.#written, plain, box), this.#written * HASH_BYTES);
    }
    const kept = Math.min(size, this.#written * FILE_CHUNK_BYTES);
    if (kept !== there) await this.#target.cut(kept);
  }

  /** Takes the next bytes of the blob. Returns false when there is nothing more to come; what is behind the end counts for nothing. Throws FileDamaged. */
  async take(bytes: Uint8Array): Promise<boolean> {
    const { size } = this.#file;
    for (let at = 0; at < bytes.length && this.#opened < chunkCount(size); ) {
      const whole = sealedChunkBytes(size, this.#opened);
      const piece = bytes.subarray(at, at + whole - this.#sealedBytes);
      this.#sealed.set(piece, this.#sealedBytes);
      this.#sealedBytes += piece.length;
      at += piece.length;
      if (this.#sealedBytes === whole) await this.#open(this.#sealed.subarray(0, whole));
    }
    return this.#opened < chunkCount(size);
  }

  /** Writes what was opened; of a chunk that has come in part nothing is kept. */
  async flush(): Promise<void> {
    this.#sealedBytes = 0;
    if (this.#plainBytes > 0) await this.#target.write(this.#plain.subarray(0, this.#plainBytes));
    this.#plainBytes = 0;
    this.#written = this.#opened;
  }

  /** Of all chunks together: the file is the one that the message means if it is the same there. */
  get root(): Uint8Array {
    return fileRoot(this.#file.size, this.#hashes);
  }

  async #open(sealed: Uint8Array): Promise<void> {
    const room = this.#plain.subarray(this.#plainBytes, this.#plainBytes + FILE_CHUNK_BYTES);
    const opened = openChunk(this.#file, this.#opened, sealed, room);
    if (opened === undefined) throw new FileDamaged(`Chunk ${this.#opened} is not one of this file.`);
    this.#hashes.set(H(sealed), this.#opened * HASH_BYTES);
    this.#opened += 1;
    this.#plainBytes += opened.length;
    this.#sealedBytes = 0;
    if (this.#plainBytes === this.#plain.length || this.#opened === chunkCount(this.#file.size)) await this.flush();
  }
}
