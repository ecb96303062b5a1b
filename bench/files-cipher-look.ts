// A process that seals and opens chunks in memory, as the SDK does with those of a file, and says how fast: no disk, no network, no server.
import { randomBytes } from 'node:crypto';
import { H } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES, MIB } from '#protocol/limits.ts';
import { chunkCount, SEALED_CHUNK_BYTES } from '#protocol/sealed-file.ts';
import { openChunk, sealChunk } from '../clients/sdk/crypto/file.ts';

/** Of the file, MB/s. */
export type CipherLook = { readonly sealMbS: number; readonly openMbS: number };

const SIZE = 64 * MIB;
const WARM_CHUNKS = 64;

const seal = { key: randomBytes(32), size: SIZE };
const plain = randomBytes(FILE_CHUNK_BYTES);
const opened = new Uint8Array(FILE_CHUNK_BYTES);
const count = chunkCount(SIZE);
/** All alike but for the last, which has another nonce. */
const sealed = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(SEALED_CHUNK_BYTES));

function timed(chunks: number, work: (index: number) => void): number {
  const start = performance.now();
  for (let index = 0; index < chunks; index++) work(index);
  return (chunks * FILE_CHUNK_BYTES) / 1_000 / (performance.now() - start);
}

const sealOne = (index: number): void => {
  sealChunk(seal, index, plain, sealed[index] as Buffer); // one for each index
};
const openOne = (index: number): void => {
  const chunk = sealed[index] as Buffer; // one for each index
  H(chunk); // which who receives it compares with the root
  if (!openChunk(seal, index, chunk, opened)) throw new Error('A chunk does not open.');
};
timed(WARM_CHUNKS, sealOne);
timed(WARM_CHUNKS, openOne);
const look: CipherLook = { sealMbS: timed(count, sealOne), openMbS: timed(count, openOne) };
process.stdout.write(`${JSON.stringify(look)}\n`);
