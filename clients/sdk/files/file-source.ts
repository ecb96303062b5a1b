// Files as the SDK sees them: something to read from and something to write to, wherever that is. Nobody holds a whole one.
import type { ImageInfo } from '../content/file.ts';

/** What is sent. `name`, `type` (MIME), `image`: told to who receives it. */
export interface FileSource {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly image?: ImageInfo;
  /** Where it is, as one text: an upload that was cut is found again by place and size. */
  readonly place: string;
  /** `length` bytes from `at` on; fewer only where it has become shorter. */
  read(at: number, length: number): Promise<Uint8Array>;
}

/** What is received goes here, from the front, and has no name until all of it is proven. */
export interface FileTarget {
  /** Bytes that are here, perhaps of an earlier attempt. */
  size(): Promise<number>;
  /** `length` of those, from `at` on. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Puts these behind all others. */
  write(bytes: Uint8Array): Promise<void>;
  /** Forgets all but the first `bytes`. */
  cut(bytes: number): Promise<void>;
  /** Gives it its name, which no other file has; resolves with where it is. */
  keep(): Promise<string>;
}

/** Bytes of the file that are safely there, and all of them. */
export type FileProgress = { readonly done: number; readonly total: number };

/** `signal`: stops it; what was done so far is gone on with by the next attempt. */
export type FileOptions = {
  readonly onProgress?: (progress: FileProgress) => void;
  readonly signal?: AbortSignal;
};
