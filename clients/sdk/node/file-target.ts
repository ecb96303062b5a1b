// A folder of this machine as the place for a file that is received (../file-source.ts): hidden and incomplete until it is proven, then under a safe name that
// no other file has, synced, for its owner alone and never to be run.
import { lstat, open, realpath, stat } from 'node:fs/promises';
import type { FileInfo } from '../content/file.ts';
import { safeFileName } from '../files/file-name.ts';
import type { FileTarget } from '../files/file-source.ts';
import { codeOf, unwritable, writing } from './file-errors.ts';
import { readAt } from './file-source.ts';
import { PartialFile } from './partial-file.ts';
import { HEAD_BYTES, typeByContent } from './type-by-content.ts';
import { moveToUnique } from './unique-name.ts';

/** Folders that cannot be synced: on Windows, and on some network drives. */
const NO_SYNC: readonly (string | undefined)[] = ['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'EBADF', 'ENOTSUP'];

/** `type`: MIME, by what is there so far. `close`: whatever became of it; what is not kept can be gone on with. */
export type FolderTarget = FileTarget & { type(): Promise<string>; close(): Promise<void> };

/** Where to save what a message describes. Everything throws Refusal `file_unwritable` where the folder or its disk does not take it; then nothing that was there is lost. */
export function fileTarget(folder: string, file: Pick<FileInfo, 'blob' | 'name' | 'type'>): FolderTarget {
  return new InFolder(folder, file);
}

/** The folder without links, absolute. Throws Refusal `file_unwritable` where there is none. */
export function folderAt(path: string): Promise<string> {
  return writing(path, async () => {
    const folder = await realpath(path);
    if (!(await stat(folder)).isDirectory()) throw unwritable(path, 'it is no folder. Choose another');
    return folder;
  });
}

class InFolder implements FolderTarget {
  readonly #path: string;
  readonly #described: Pick<FileInfo, 'blob' | 'name' | 'type'>;
  #opening: Promise<Opened> | undefined;

  constructor(path: string, described: Pick<FileInfo, 'blob' | 'name' | 'type'>) {
    this.#path = path;
    this.#described = described;
  }

  size(): Promise<number> {
    return this.#do(async (opened) => opened.size);
  }

  read(at: number, length: number): Promise<Uint8Array> {
    return this.#do(({ partial }) => readAt(partial.file, at, length));
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#do(async (opened) => {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await opened.partial.file.write(bytes, done, bytes.length - done, opened.size);
        done += bytesWritten;
        opened.size += bytesWritten;
      }
    });
  }

  cut(bytes: number): Promise<void> {
    return this.#do(async (opened) => {
      await opened.partial.file.truncate(bytes);
      opened.size = bytes;
    });
  }

  keep(): Promise<string> {
    return this.#do(async ({ folder, partial }) => {
      const { type } = this.#described;
      await partial.file.sync();
      const path = await moveToUnique(partial.path, folder, [
        safeFileName(this.#described),
        safeFileName({ name: '', type }),
      ]);
      const [kept, proven] = await Promise.all([lstat(path), partial.file.stat()]);
      if (kept.ino !== proven.ino || kept.dev !== proven.dev) {
        throw unwritable(
          this.#path,
          `another program has replaced ${path} meanwhile. Choose a folder that is yours alone`,
        );
      }
      await syncFolder(folder);
      return path;
    });
  }

  type(): Promise<string> {
    return this.#do(async ({ partial }) => typeByContent(await readAt(partial.file, 0, HEAD_BYTES)));
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    await opened?.partial.release();
  }

  #do<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    return writing(this.#path, async () => {
      this.#opening ??= this.#open();
      // What is wrong with the folder may have been put right by the next time.
      this.#opening.catch(() => (this.#opening = undefined));
      return work(await this.#opening);
    });
  }

  async #open(): Promise<Opened> {
    const folder = await folderAt(this.#path);
    const partial = await PartialFile.claim(folder, this.#described.blob);
    return { folder, partial, size: (await partial.file.stat()).size };
  }
}

/** `size`: what was written, bytes. */
type Opened = { readonly folder: string; readonly partial: PartialFile; size: number };

/** Makes the new name as durable as the bytes. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const directory = await open(folder);
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    if (!NO_SYNC.includes(codeOf(error))) throw error;
  }
}
