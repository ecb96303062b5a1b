// Sends a file to the server as a blob, sealed, and does not give up over a cut: it asks where the upload stands, and goes on from there, also in
// another process, which seals again what was noted and compares. While a part is on its way the next one is sealed: two are in memory.
import { encodeBase64 } from '#protocol/base64.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { FILE_CHUNK_BYTES, FILE_MAX_BYTES, FILE_PART_CHUNKS } from '#protocol/limits.ts';
import { PART_BYTES, sealedBytes } from '#protocol/sealed-file.ts';
import { BLOB_BYTES, FILE_KEY_BYTES } from '../content/file.ts';
import type { Clock, Random, Timers } from '../platform.ts';
import type { Upload, UploadOf, UploadsPart } from '../profile/profile.ts';
import { Refusal } from '../refusal.ts';
import { BlobDoor, type BlobDoorDeps } from './blob-door.ts';
import type { FileProgress, FileSource } from './file-source.ts';
import { Patience } from './patience.ts';
import { SealedParts, UploadLost } from './sealed-parts.ts';

/** Keys that one file is sealed under before it is given up: each time it was edited, or the server forgot it. */
const KEYS_MAX = 4;
const CLAIM_BYTES = 16;

export type UploadDeps = BlobDoorDeps & {
  readonly uploads: UploadsPart;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
};

/** `retention`: how long the server keeps it, ms. */
export type UploadOptions = {
  readonly retention: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FileProgress) => void;
};

/** `forget`: nobody goes on with this upload any more; for when the message that names it is queued. */
export type Uploaded = Pick<Upload, 'blob' | 'key'> & { readonly root: Uint8Array; forget(): Promise<void> };

/**
 * Resolves once the blob is whole. Throws Refusal `file_too_large`, `file_changed`, `closed`, RequestError, Unavailable (only after many tries in vain),
 * ProfileError, the signal's reason, or what the source throws; what was done so far is gone on with by the next attempt.
 */
export async function upload(deps: UploadDeps, source: FileSource, options: UploadOptions): Promise<Uploaded> {
  const { place, size } = source;
  if (size > FILE_MAX_BYTES) {
    const most = `Files of at most ${FILE_MAX_BYTES / 2 ** 30} GiB can be sent`;
    throw new Refusal('file_too_large', `${source.name} is too large. ${most}.`);
  }
  const claim = encodeBase64(deps.random(CLAIM_BYTES));
  let of: UploadOf = { place, size, retention: options.retention };
  let noted = await deps.uploads.resume(of, claim, deps.clock.now());
  for (let keys = 0; ; keys++) {
    const current = noted ?? (await begin(deps, of, claim));
    try {
      const root = await new Sending(deps, source, { of, claim, upload: current, options }).run();
      const found = of;
      return { blob: current.blob, key: current.key, root, forget: () => deps.uploads.forget(found, claim) };
    } catch (error) {
      if (!(error instanceof UploadLost)) throw error;
      if (keys === KEYS_MAX) throw givenUp(source, error);
      // Another process sends the same file: each goes on by itself, this one under a name that nobody looks for.
      if (error.why === 'taken') of = { ...of, place: claim };
      noted = undefined;
    }
  }
}

function givenUp({ name }: FileSource, { why }: UploadLost): Error {
  if (why === 'forgotten') return new Unavailable('The server forgets what it is sent. Try again later.');
  if (why === 'ahead') return new Unavailable('The server says that it has what it was never sent. Try again later.');
  return new Refusal('file_changed', `${name} changed again and again while it was sent. Send a copy of it.`);
}

async function begin({ uploads, random, clock }: UploadDeps, of: UploadOf, claim: string): Promise<Upload> {
  const fresh = { blob: random(BLOB_BYTES), key: random(FILE_KEY_BYTES) };
  await uploads.begin(of, claim, fresh, clock.now());
  return { ...fresh, hashes: new Uint8Array(0) };
}

type Task = {
  readonly of: UploadOf;
  readonly claim: string;
  readonly upload: Upload;
  readonly options: UploadOptions;
};

/** One upload under one key. */
class Sending {
  readonly #size: number;
  readonly #isNew: boolean;
  readonly #options: UploadOptions;
  readonly #parts: SealedParts;
  readonly #door: BlobDoor;
  readonly #patience: Patience;
  /** The part that was sealed last, perhaps ahead of its turn, and the one that was on its way last, which may have to go again. */
  #ahead: { readonly part: number; readonly sealed: Promise<Uint8Array> } | undefined;
  #last: { readonly part: number; readonly sealed: Uint8Array } | undefined;
  /** Whole parts that the server has, as it said last, and the most that it said; undefined: it is to be asked. */
  #stored: number | undefined;
  #most = 0;

  constructor(deps: UploadDeps, source: FileSource, { of, claim, upload, options }: Task) {
    const { uploads, clock } = deps;
    this.#size = source.size;
    this.#isNew = upload.hashes.length === 0;
    this.#options = options;
    this.#parts = new SealedParts(source, upload, (part, hashes) =>
      uploads.note(of, claim, { part, hashes }, clock.now()),
    );
    const asked = { blob: encodeBase64(upload.blob), size: sealedBytes(of.size), retention: of.retention };
    this.#door = new BlobDoor(deps, (session) => session.put(asked), asked.size, options.signal);
    this.#patience = new Patience(deps, options.signal);
  }

  /** Resolves with the root once every part was sealed by this process and the server has all of them. */
  async run(): Promise<Uint8Array> {
    try {
      // What was never noted never left.
      if (this.#isNew) this.#heard(0);
      for (let next = 0; next < this.#parts.count || this.#stored !== this.#parts.count; ) {
        try {
          next = await this.#step(next);
        } catch (error) {
          this.#stored = undefined;
          if (error instanceof RequestError && error.code === 'no_such_file') throw new UploadLost('forgotten');
          await this.#patience.failed(error);
        }
      }
      return this.#parts.root();
    } finally {
      // It may be noting yet.
      await this.#ahead?.sealed.catch(() => {});
    }
  }

  /** Does the next thing, where all parts before `next` were sealed. Returns what is `next` then. */
  async #step(next: number): Promise<number> {
    this.#options.signal.throwIfAborted();
    const stored = this.#stored ?? this.#heard(await this.#door.stored());
    const part = Math.min(next, stored);
    if (part === this.#parts.count) return part;
    const isNoted = part < this.#parts.noted;
    const sealed = await this.#sealed(part);
    // Sealed before and forgotten, as by a profile that was copied back: what it was sealed from nobody knows, and it may have been other bytes.
    if (part < stored && !isNoted) throw new UploadLost('ahead');
    if (part < stored) return part + 1;
    if (part + 1 < this.#parts.count) void this.#prepare(part + 1);
    if (this.#heard(await this.#door.store(part * PART_BYTES, sealed)) <= part)
      throw new Unavailable('The server does not keep what it is sent.');
    return part + 1;
  }

  #heard(offset: number): number {
    const stored = Math.ceil(offset / PART_BYTES);
    if (stored > this.#most) this.#patience.gained();
    this.#most = Math.max(this.#most, stored);
    this.#stored = stored;
    const done = Math.min(this.#size, stored * FILE_PART_CHUNKS * FILE_CHUNK_BYTES);
    this.#options.onProgress({ done, total: this.#size });
    return stored;
  }

  async #sealed(part: number): Promise<Uint8Array> {
    if (this.#last?.part !== part) this.#last = { part, sealed: await this.#prepare(part) };
    return this.#last.sealed;
  }

  /** Begins to seal a part, unless that is under way; one at a time, for they are noted in order. */
  #prepare(part: number): Promise<Uint8Array> {
    if (this.#ahead?.part === part) return this.#ahead.sealed;
    const before = this.#ahead?.sealed.catch(() => {});
    const sealed = Promise.resolve(before).then(() => this.#parts.seal(part));
    // Whoever takes it hears of its failure.
    sealed.catch(() => {});
    this.#ahead = { part, sealed };
    return sealed;
  }
}
