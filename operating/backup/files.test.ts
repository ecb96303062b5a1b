// Files in a backup of one process: what of them comes back, and what a backup says of those that it has not.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { HOUR_MS } from '#protocol/limits.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { blobsIn, openData } from '#runtime/store/data-folder.ts';
import { schema as accountSchema } from '../../services/auth/sqlite-store.ts';
import { blobSchema, FileBlobStore } from '../../services/delivery/blobs/file-store.ts';
import { groupSchema } from '../../services/groups/sqlite-store.ts';
import { type Ended, runToEnd } from '../../test/listening.fixture.ts';
import { emptyTally, filesOf, putBackFile } from './files.ts';

/** Each test starts several programs, on a machine that may be busy with others. */
const PATIENCE_MS = 240_000;
const FACTS = { domain: 'localhost', partitions: PARTITIONS_DEFAULT };
const AL = 'al@localhost';
const root = mkdtempSync(join(tmpdir(), 'parley-files-'));
afterAll(() => rmSync(root, { recursive: true }));

let places = 0;
const place = (): string => {
  places += 1;
  return join(root, `place ${places}`);
};

/** Works with the blobs in a data folder, as a server that has it alone. */
async function within<T>(data: string, work: (store: FileBlobStore) => Promise<T>): Promise<T> {
  const { database, claim } = await openData(data, FACTS, [...accountSchema, ...groupSchema, ...blobSchema]);
  try {
    await claim();
    return await work(new FileBlobStore(database, blobsIn(data)));
  } finally {
    await database.close();
  }
}

const newName = (): string => encodeBase64(new Uint8Array(randomBytes(32)));

/** Stores parts of these lengths of a blob of so many bytes; their bytes. */
async function upload(store: FileBlobStore, blob: string, size: number, ...parts: readonly number[]): Promise<Buffer> {
  const expiresAt = Date.now() + HOUR_MS;
  await store.create({ blob, owner: AL, device: newName(), size, stored: 0, expiresAt });
  const all = parts.map((bytes) => randomBytes(bytes));
  let offset = 0;
  for (const part of all) {
    await store.append(blob, { offset, bytes: part.length, expiresAt }, pieces(part));
    offset += part.length;
  }
  return Buffer.concat(all);
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function hashOf(store: FileBlobStore, blob: string, from: number, to: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of store.read(blob, from, to)) hash.update(piece);
  return hash.digest('hex');
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const backup = (...options: string[]): Promise<Ended> =>
  runToEnd([join(import.meta.dirname, '../backup.ts'), ...options], {});
const restore = (file: string, data: string): Promise<Ended> =>
  runToEnd([join(import.meta.dirname, '../restore.ts'), '--from', file, '--data', data], {});

describe('a backup with files', { timeout: PATIENCE_MS }, () => {
  const [whole, begun, empty] = [newName(), newName(), newName()];
  const SIZE = 9_000_000;
  let data: string;
  let file: string;
  let bytes: Buffer;
  let some: Buffer;

  beforeEach(async () => {
    [data, file] = [place(), place()];
    await within(data, async (store) => {
      bytes = await upload(store, whole, SIZE, 4_000_000, 4_000_000, 1_000_000);
      some = await upload(store, begun, SIZE, 4_195_328);
      await upload(store, empty, SIZE);
    });
  });

  test('gives each back as it was, with its record; what was begun can be gone on with', async () => {
    const made = await backup('--data', data, '--to', file);
    expect(made).toMatchObject({ status: 0, stderr: expect.stringMatching(/\n {2}.*\bfiles 2\n$/) });
    expect(await backup('--check', file)).toMatchObject({ status: 0 });
    const restored = place();
    expect(await restore(file, restored)).toMatchObject({ status: 0, stderr: expect.stringMatching(/^Restored\. /) });
    expect(readdirSync(restored).sort()).toEqual(['blobs', 'parley.db']);
    expect(statSync(blobsIn(restored)).mode & 0o077).toBe(0);
    await within(restored, async (store) => {
      expect(await store.find(whole)).toMatchObject({ owner: AL, size: SIZE, stored: SIZE });
      expect(await hashOf(store, whole, 0, SIZE)).toBe(sha256(bytes));
      expect(await hashOf(store, whole, 3_999_999, 4_000_001)).toBe(sha256(bytes.subarray(3_999_999, 4_000_001)));
      expect(await store.find(begun)).toMatchObject({ size: SIZE, stored: some.length });
      expect(await hashOf(store, begun, 0, some.length)).toBe(sha256(some));
      expect(await store.find(empty)).toBeUndefined();
    });
  });

  test('is made without them if that is asked for, and says what it means for people', async () => {
    const made = await backup('--data', data, '--to', file, '--without-files');
    const sentence = /Without files: after a restore people have their messages, and of the files/;
    expect(made).toMatchObject({ status: 0, stderr: expect.stringMatching(sentence) });
    expect(statSync(file).size).toBeLessThan(SIZE / 10);
    const restored = place();
    expect(await restore(file, restored)).toMatchObject({ status: 0, stderr: expect.stringMatching(sentence) });
    expect(readdirSync(restored)).toEqual(['parley.db']);
    await within(restored, async (store) => expect(await store.find(whole)).toBeUndefined());
  });

  test('lacks those whose content is not there any more, and says how many', async () => {
    const hex = Buffer.from(whole, 'base64').toString('hex');
    const folder = join(blobsIn(data), hex.slice(0, 2), hex);
    const last = readdirSync(folder).sort().at(-1) ?? '';
    rmSync(join(folder, last));
    const made = await backup('--data', data, '--to', file);
    expect(made).toMatchObject({ status: 0, stderr: expect.stringMatching(/\bfiles 1, files_missed 1\n/) });
    expect(made.stderr).toMatch(/Of 1 file not all was there/);
    const restored = place();
    expect(await restore(file, restored)).toMatchObject({ status: 0 });
    await within(restored, async (store) => {
      expect(await store.find(whole)).toBeUndefined();
      expect(await hashOf(store, begun, 0, some.length)).toBe(sha256(some));
    });
  });

  test('is restored over no files of others, and over what a killed restore left', async () => {
    expect(await backup('--data', data, '--to', file)).toMatchObject({ status: 0 });
    const restored = place();
    mkdirSync(join(blobsIn(restored), 'ab'), { recursive: true });
    const refused = /has files of people already \(.*\), and a restore overwrites nothing\. Move them away/;
    expect(await restore(file, restored)).toMatchObject({ status: 1, stderr: expect.stringMatching(refused) });
    expect(existsSync(join(blobsIn(restored), 'ab'))).toBe(true);
    writeFileSync(join(restored, 'restoring.db'), 'x');
    mkdirSync(join(restored, 'restoring-blobs/cd'), { recursive: true });
    expect(await restore(file, restored)).toMatchObject({ status: 0 });
    expect(readdirSync(restored).sort()).toEqual(['blobs', 'parley.db']);
    expect(existsSync(join(blobsIn(restored), 'ab'))).toBe(false);
  });
});

test('a file that is removed while it is read does not end the backup, and is no file of the restore', async () => {
  const blob = newName();
  await within(place(), async (store) => {
    await upload(store, blob, 8_000_000, 4_000_000, 4_000_000);
    const tally = emptyTally();
    const names = async (after: string) => (after === '' ? [blob] : []);
    const data: Uint8Array[] = [];
    for await (const part of filesOf(store, names, tally)) {
      if (!('data' in part)) continue;
      data.push(part.data);
      await store.remove(blob);
    }
    expect(tally).toEqual({ files: 0, files_missed: 1 });
    await within(place(), async (other) => {
      expect(await putBackFile(other, inTurn(data))).toBe(false);
      expect(await other.find(blob)).toBeUndefined();
    });
  });
});

async function* inTurn<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}
