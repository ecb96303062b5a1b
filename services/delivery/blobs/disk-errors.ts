// What failures of a file system ask of their reader: to make room, or to try again once an operator has mended the disk.
import { RequestError, Unavailable } from '#protocol/errors.ts';

/** The code of what the operating system refused, such as ENOENT; undefined: it was another error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}

/** Every operation on a file goes through this. Throws RequestError `no_space`, Unavailable, or what a programmer must see. */
export async function onDisk<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new RequestError('no_space');
    throw new Unavailable(`The disk with the files: ${code}.`, { cause: error });
  }
}
