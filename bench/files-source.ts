// The file that is carried, of bytes that nothing can guess or make shorter.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MIB } from '#protocol/limits.ts';

export type MadeFile = { readonly path: string; readonly name: string; readonly size: number; readonly hash: string };

/** Makes a file of `size` bytes and syncs it, so that no disk is busy with it later. */
export async function makeFile(path: string, size: number): Promise<MadeFile> {
  const file = await open(path, 'wx');
  for (let at = 0; at < size; at += MIB) await file.write(randomBytes(Math.min(MIB, size - at)));
  await file.sync();
  await file.close();
  return { path, name: basename(path), size, hash: await hashOf(path) };
}

/** SHA-256 of a file, in hexadecimal. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
