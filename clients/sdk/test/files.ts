// Files in memory, as tests send and receive them.
import type { FileSource, FileTarget } from '../files/file-source.ts';

/** Bytes that differ from place to place. */
export function exampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16) * 13 + seed) & 0xff;
  return bytes;
}

/** `content` may be changed by a test. `place`: one place is one file. */
export class MemorySource implements FileSource {
  readonly name: string;
  readonly type = 'application/octet-stream';
  readonly size: number;
  readonly place: string;
  content: Uint8Array;
  /** Called before each read. */
  reading: ((at: number) => void) | undefined;

  constructor(content: Uint8Array, { name = 'film.bin', place = '/home/al/a file' } = {}) {
    this.name = name;
    this.place = place;
    this.size = content.length;
    this.content = content;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    this.reading?.(at);
    return this.content.slice(at, at + length);
  }
}

export class MemoryTarget implements FileTarget {
  bytes: Uint8Array = new Uint8Array(0);
  kept = false;

  async size(): Promise<number> {
    return this.bytes.length;
  }
  async read(at: number, length: number): Promise<Uint8Array> {
    return this.bytes.slice(at, at + length);
  }
  async write(bytes: Uint8Array): Promise<void> {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }
  async cut(bytes: number): Promise<void> {
    this.bytes = this.bytes.slice(0, bytes);
  }
  async keep(): Promise<string> {
    this.kept = true;
    return 'here';
  }
}
