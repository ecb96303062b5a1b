// The parts of one upload, sealed one at a time. What a chunk was sealed to is noted durably before anything of its part can leave, and what was noted
// before is compared: under one key no two different chunks ever leave for one place, whatever happens to the file or to this process.
import { equalBytes } from '#protocol/bytes.ts';
import { HASH_BYTES } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES, FILE_PART_CHUNKS } from '#protocol/limits.ts';
import {
  chunkBytes,
  chunkCount,
  PART_BYTES,
  partBytes,
  SEALED_CHUNK_BYTES,
  sealedBytes,
} from '#protocol/sealed-file.ts';
import { fileRoot, sealChunk, sealedChunkBytes } from '../crypto/file.ts';
import type { Upload } from '../profile/profile.ts';
import { Refusal } from '../refusal.ts';
import type { FileSource } from './file-source.ts';

/** Chunks that are read at a time: 1 MiB. */
const READ_CHUNKS = 16;

/** The upload cannot go on under its key: the file is not what was noted, another process has the upload, the server has it no more, or has more of it than was ever noted. */
export class UploadLost extends Error {
  override readonly name = 'UploadLost';
  readonly why: 'edited' | 'taken' | 'forgotten' | 'ahead';

  constructor(why: UploadLost['why']) {
    super(`An upload was ${why}.`);
    this.why = why;
  }
}

/** Notes the hashes of a part, durably; false: the upload is another's. */
export type NotePart = (part: number, hashes: Uint8Array) => Promise<boolean>;

export class SealedParts {
  readonly #source: FileSource;
  readonly #upload: Upload;
  readonly #note: NotePart;
  /** Of all chunks; those of the first `#noted` parts are noted. */
  readonly #hashes: Uint8Array;
  #noted: number;

  /** `upload`: with the hashes that were noted so far. */
  constructor(source: FileSource, upload: Upload, note: NotePart) {
    this.#source = source;
    this.#upload = upload;
    this.#note = note;
    this.#hashes = new Uint8Array(chunkCount(source.size) * HASH_BYTES);
    this.#hashes.set(upload.hashes);
    this.#noted = Math.ceil(upload.hashes.length / (FILE_PART_CHUNKS * HASH_BYTES));
  }

  get count(): number {
    return Math.ceil(sealedBytes(this.#source.size) / PART_BYTES);
  }

  /** Parts whose hashes are noted. */
  get noted(): number {
    return this.#noted;
  }

  /**
   * Part `part`, ready to leave; new ones in order. Throws UploadLost, Refusal `file_changed` (the file has become shorter), ProfileError, or what the
   * source throws.
   */
  async seal(part: number): Promise<Uint8Array> {
    const { size } = this.#source;
    const first = part * FILE_PART_CHUNKS;
    const chunks = Math.min(FILE_PART_CHUNKS, chunkCount(size) - first);
    const sealed = new Uint8Array(partBytes(sealedBytes(size), part * PART_BYTES) ?? 0);
    const hashes = new Uint8Array(chunks * HASH_BYTES);
    for (let at = 0; at < chunks; at += READ_CHUNKS) {
      const plain = await this.#read(first + at, Math.min(READ_CHUNKS, chunks - at));
      for (let i = at; i < Math.min(chunks, at + READ_CHUNKS); i++) {
        const from = (i - at) * FILE_CHUNK_BYTES;
        const chunk = plain.subarray(from, from + chunkBytes(size, first + i));
        const start = i * SEALED_CHUNK_BYTES;
        const box = sealed.subarray(start, start + sealedChunkBytes(size, first + i));
        hashes.set(sealChunk({ key: this.#upload.key, size }, first + i, chunk, box), i * HASH_BYTES);
      }
    }
    await this.#keep(part, hashes);
    return sealed;
  }

  /** The root, once every part was sealed. */
  root(): Uint8Array {
    return fileRoot(this.#source.size, this.#hashes);
  }

  async #keep(part: number, hashes: Uint8Array): Promise<void> {
    const start = part * FILE_PART_CHUNKS * HASH_BYTES;
    if (part < this.#noted) {
      const before = this.#hashes.subarray(start, start + hashes.length);
      if (!equalBytes(before, hashes)) throw new UploadLost('edited');
      return;
    }
    if (!(await this.#note(part, hashes))) throw new UploadLost('taken');
    this.#hashes.set(hashes, start);
    this.#noted = part + 1;
  }

  async #read(first: number, chunks: number): Promise<Uint8Array> {
    const { size, name } = this.#source;
    const at = first * FILE_CHUNK_BYTES;
    const length = Math.min(chunks * FILE_CHUNK_BYTES, size - at);
    const plain = length === 0 ? new Uint8Array(0) : await this.#source.read(at, length);
    if (plain.length === length) return plain;
    throw new Refusal('file_changed', `${name} became shorter while it was sent. Send it again once it is complete.`);
  }
}
