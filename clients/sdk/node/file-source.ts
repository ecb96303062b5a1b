// A file of this machine as something to send (../file-source.ts): what it is called, what it is by its content, and its bytes by position.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileSource } from '../files/file-source.ts';
import { reading, unreadable } from './file-errors.ts';
import { HEAD_BYTES, typeByContent } from './type-by-content.ts';

const NO_FILE = 'Give a file, or pack what you want to send into one';

/**
 * Opens a regular file; links to one are followed. Size and type are those of now. Throws Refusal `file_unreadable`: there is none, it may not be read, or it
 * is a folder, a device or a pipe.
 */
export function openFileSource(path: string): Promise<FileSource & { close(): Promise<void> }> {
  return reading(path, async () => {
    // Looked at before it is opened: opening a device does things to it, and a pipe waits for its other end.
    mustBeFile(path, await stat(path));
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      mustBeFile(path, found);
      const read = (at: number, length: number) => reading(path, () => readAt(file, at, length));
      const head = await read(0, HEAD_BYTES);
      // As those of /proc: it would arrive empty.
      if (found.size === 0 && head.length > 0)
        throw unreadable(path, 'the system does not say how long it is. Send a copy of it');
      const type = await typeByContent(head);
      const [name, place] = [basename(path).toWellFormed(), await realpath(path)];
      return { name, type, size: found.size, place, read, close: () => file.close() };
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/** `length` bytes, fewer only where the file ends. */
export async function readAt(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

function mustBeFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  throw unreadable(path, `it is ${kindOf(found)}. ${NO_FILE}`);
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}
