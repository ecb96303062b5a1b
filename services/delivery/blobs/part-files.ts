// The content of blobs as files of the embedded mode, one for each part of an upload:
//
//   ab/ab… (64)/OFFSET-ID      the folder is the blob's name in hexadecimal: nothing here is named by a client
//
// A file never changes once it is written. What counts is in the database; a crash leaves files that it does not know.
import { type FileHandle, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Unavailable } from '#protocol/errors.ts';
import { KIB, MIB } from '#protocol/limits.ts';
import { codeOf, onDisk } from './disk-errors.ts';
import { slabs } from './slabs.ts';

/** What is written at a time, and held in memory meanwhile. */
const SLAB_BYTES = MIB;
/** What is read at a time. */
const PIECE_BYTES = 256 * KIB;
const BLOB_FOLDER = /^[0-9a-f]{64}$/;
const SHARD_FOLDER = /^[0-9a-f]{2}$/;

export class PartFiles {
  readonly #folder: string;
  /** Files that are written now: no database knows them yet. */
  readonly #underWay = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Writes `body` of `bytes` bytes to the file `file` of a blob, and calls `count` once it is durable: the file stays if that succeeds, or may have. Throws what
   * `body` and `count` throw, ProtocolError if the body has another length.
   */
  async write(
    { blob, file, bytes, first }: { blob: string; file: string; bytes: number; first: boolean },
    body: AsyncIterable<Uint8Array>,
    count: () => Promise<void>,
  ): Promise<void> {
    const path = join(this.#folderOf(blob), file);
    let asked = false;
    this.#underWay.add(path);
    try {
      if (first) await onDisk(() => mkdir(this.#folderOf(blob), { recursive: true, mode: 0o700 }));
      await this.#fill(path, body, bytes);
      await onDisk(() => this.#syncFolders(blob, first));
      asked = true;
      await count();
    } catch (error) {
      // Whether it was counted, a database that is away does not say: then the file stays, and the sweep after the next start asks.
      if (!(asked && error instanceof Unavailable)) await rm(path, { force: true }).catch(() => {});
      throw error;
    } finally {
      this.#underWay.delete(path);
    }
  }

  /** The bytes from `from` to before `to` of a file. Throws Unavailable if it is not there, or shorter. */
  async *read(blob: string, file: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    const handle = await onDisk(() => open(join(this.#folderOf(blob), file), 'r'));
    try {
      for (let at = from; at < to; ) {
        const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - at));
        const { bytesRead } = await onDisk(() => handle.read(piece, 0, piece.length, at));
        if (bytesRead === 0) throw new Unavailable('A file is shorter than it was.');
        at += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }

  /** The blobs of which something may be there, as far as their folders say. */
  async *blobs(): AsyncGenerator<string> {
    for (const shard of await listed(this.#folder)) {
      if (!SHARD_FOLDER.test(shard)) continue;
      for (const name of await listed(join(this.#folder, shard))) {
        if (BLOB_FOLDER.test(name)) yield Buffer.from(name, 'hex').toString('base64');
      }
    }
  }

  /** Removes the files of a blob that are neither being written nor among what `counted` answers, which is asked after the files were listed. */
  async clear(blob: string, counted: () => Promise<ReadonlySet<string>>): Promise<void> {
    const folder = this.#folderOf(blob);
    const found = await listed(folder);
    // In this order: what is no longer being written by now was either counted before, or is for nobody.
    const unknown = found.filter((file) => !this.#underWay.has(join(folder, file)));
    const known = await counted();
    for (const file of unknown) {
      if (!known.has(file)) await onDisk(() => rm(join(folder, file), { force: true }));
    }
    if (known.size === 0) await rmdir(folder).catch(() => {}); // something else is in it, or it is gone
  }

  async #fill(path: string, body: AsyncIterable<Uint8Array>, bytes: number): Promise<void> {
    const handle = await onDisk(() => open(path, 'wx', 0o600));
    try {
      for await (const slab of slabs(body, bytes, SLAB_BYTES)) await onDisk(() => writeAll(handle, slab));
      await onDisk(() => handle.datasync());
    } finally {
      await handle.close();
    }
  }

  /** Makes the entries durable that lead to a file. Of a blob's first part these are all, whoever made the folders: a later one follows on a durable one. */
  async #syncFolders(blob: string, first: boolean): Promise<void> {
    const folder = this.#folderOf(blob);
    const above = first ? [join(folder, '..'), this.#folder, join(this.#folder, '..')] : [];
    await Promise.all([folder, ...above].map(syncFolder));
  }

  #folderOf(blob: string): string {
    const name = Buffer.from(blob, 'base64').toString('hex');
    return join(this.#folder, name.slice(0, 2), name);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The names in a folder; none if it is not there. */
async function listed(folder: string): Promise<readonly string[]> {
  return onDisk(() =>
    readdir(folder).catch((error) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }),
  );
}
