// Files in a backup, alike in both modes: each as its store gives it out, and given to a store again by the restore. A section of its own for each:
//
//   DATA   its record: {"blob":…,"owner":…,"device":…,"size":…,"stored":…,"expiresAt":…}
//   DATA   the bytes that the record counts, in pieces
//
// They come behind everything that speaks of them. One that is removed while it is read ends before its record says; the restore leaves it out.
import { z } from 'zod';
import { Unavailable } from '#protocol/errors.ts';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import type { BlobStore } from '../../services/delivery/blobs/store.ts';
import type { Part } from './archive.ts';

export const FILES = 'files';
/** Of those that are not whole in it: removed since, or lost. */
const FILES_MISSED = 'files_missed';

const recordSchema = z.object({
  blob: z.string(),
  owner: z.string(),
  device: z.string(),
  size: z.int().min(0),
  stored: z.int().min(0),
  expiresAt: z.int().min(0),
});

/** Of how many files a backup has all and of how many not. */
export type FileTally = { [FILES]: number; [FILES_MISSED]: number };
/** Whether what is counted under this name is a file, and no table or collection. */
export const isOfTally = (name: string): boolean => name in emptyTally();
export const emptyTally = (): FileTally => ({ [FILES]: 0, [FILES_MISSED]: 0 });

/** `names`: some names of blobs behind this one in their order, '' is before all; none: there are no more. Throws what the store throws, unless it is one file's. */
export async function* filesOf(
  store: Pick<BlobStore, 'find' | 'read'>,
  names: (after: string) => Promise<readonly string[]>,
  tally: FileTally,
): AsyncGenerator<Part> {
  for (let some = await names(''); some.length > 0; some = await names(some.at(-1) ?? '')) {
    for (const name of some) {
      const record = await store.find(name);
      if (record === undefined || record.stored === 0) continue; // nothing of it is there
      yield { section: FILES, incompressible: true }; // sealed
      yield { data: Buffer.from(JSON.stringify(recordSchema.parse(record))) };
      try {
        for await (const data of store.read(name, 0, record.stored)) yield { data };
        tally[FILES] += 1;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        await store.find(name); // throws if it is not this file alone that is not there
        tally[FILES_MISSED] += 1;
      }
    }
  }
}

/** `data`: of one section. A part of it is in memory at a time. Whether it was whole; else nothing of it stays. Throws what the store throws. */
export async function putBackFile(
  store: Pick<BlobStore, 'create' | 'append' | 'remove'>,
  data: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  const pieces = data[Symbol.asyncIterator]();
  const head = await pieces.next();
  if (head.done) return false;
  const { stored, ...record } = recordSchema.parse(JSON.parse(Buffer.from(head.value).toString()));
  await store.create({ ...record, stored: 0 });
  let offset = 0;
  for await (const body of inParts({ [Symbol.asyncIterator]: () => pieces })) {
    await store.append(record.blob, { offset, bytes: body.length, expiresAt: record.expiresAt }, oneOf(body));
    offset += body.length;
  }
  if (offset === stored) return true;
  await store.remove(record.blob);
  return false;
}

/** As uploads bring them; the last one what is left. */
async function* inParts(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const part = Buffer.allocUnsafe(PART_BYTES);
  let filled = 0;
  for await (const piece of pieces) {
    for (let taken = 0; taken < piece.length; ) {
      const some = piece.subarray(taken, taken + PART_BYTES - filled);
      part.set(some, filled);
      [taken, filled] = [taken + some.length, filled + some.length];
      if (filled < PART_BYTES) continue;
      yield part;
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

async function* oneOf(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
