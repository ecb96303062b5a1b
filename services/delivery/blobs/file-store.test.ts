import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { MIB } from '#protocol/limits.ts';
import type { Database } from '#runtime/store/database.ts';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { blobSchema, FileBlobStore } from './file-store.ts';
import { blobStoreContract, bodyOf, newBlob, readAll } from './store.contract.ts';

/** The files below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function openFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-blobs-'));
  const content = join(folder, 'blobs');
  const database = await openDatabase({ file: join(folder, 'parley.db'), schema: blobSchema });
  return {
    content,
    database,
    store: new FileBlobStore(database, content),
    files: () => filesIn(folder).filter((path) => path.startsWith(content)),
    async close() {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

blobStoreContract('the blob store of files', async () => {
  const { store, files, close } = await openFolder();
  // One process has the data at a time, and within it one store knows what is being written.
  return { store, reopen: async () => store, contents: async () => files().length, close };
});

async function opened() {
  const folder = await openFolder();
  onTestFinished(folder.close);
  return folder;
}

const LATER = Date.now() + 100_000;

test('files are for their owner alone, and have nothing of a client in their names', async () => {
  const { store, files, content } = await opened();
  const record = newBlob();
  await store.create(record);
  await store.append(record.blob, { offset: 0, bytes: 9, expiresAt: LATER }, bodyOf(randomBytes(9)));
  const [file = ''] = files();
  expect(file.slice(content.length)).toMatch(/^\/[0-9a-f]{2}\/[0-9a-f]{64}\/0-[0-9a-f]+$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
});

test('a process that was killed leaves what it had not counted: the first sweep of the next one removes it, and its folders', async () => {
  const { store, files, content, database } = await opened();
  const [kept, cut] = [newBlob(), newBlob()];
  for (const { blob } of [kept, cut]) {
    await store.create({ ...newBlob(), blob });
    await store.append(blob, { offset: 0, bytes: 9, expiresAt: LATER }, bodyOf(randomBytes(9)));
  }
  const [ofKept, ofCut] = [kept, cut].map(({ blob }) => Buffer.from(blob, 'base64').toString('hex'));
  const [left = ''] = files().filter((path) => path.includes(String(ofKept)));
  writeFileSync(join(dirname(left), '9-000000000000000000'), 'half a part');
  writeFileSync(join(content, 'notes.txt'), 'what somebody put there');
  await database.write(
    ['blob', 'blob_part'].map((table) => ({
      sql: `DELETE FROM ${table} WHERE ${table === 'blob' ? 'name' : 'blob'} = ?`,
      params: [cut.blob],
    })),
  );
  await new FileBlobStore(database, content).sweep(0, 10);
  expect(files().sort()).toEqual([left, join(content, 'notes.txt')].sort());
  expect(readdirSync(join(content, String(ofCut).slice(0, 2)))).not.toContain(ofCut);
});

test('where the database does not say whether it counted a part, its file stays until the next start', async () => {
  const { database, content, files } = await opened();
  const record = newBlob();
  const answerLost: Database = {
    ...database,
    read: (statement) => database.read(statement),
    write: async (statements) => {
      await database.write(statements);
      throw new Unavailable('crashed here');
    },
  };
  await new FileBlobStore(database, content).create(record);
  const bytes = randomBytes(9);
  const part = { offset: 0, bytes: 9, expiresAt: LATER };
  await expect(new FileBlobStore(answerLost, content).append(record.blob, part, bodyOf(bytes))).rejects.toThrow(
    'crashed',
  );
  const next = new FileBlobStore(database, content);
  await next.sweep(0, 10);
  expect(await next.find(record.blob)).toMatchObject({ stored: 9 });
  expect(await readAll(next, record.blob, 0, 9)).toEqual(bytes);
  expect(files()).toHaveLength(1);
});

test('a file that the disk lost a part of is Unavailable, not a shorter one', async () => {
  const { store, files } = await opened();
  const record = newBlob();
  await store.create(record);
  await store.append(record.blob, { offset: 0, bytes: MIB, expiresAt: LATER }, bodyOf(randomBytes(MIB)));
  const [file = ''] = files();
  writeFileSync(file, readFileSync(file).subarray(0, MIB / 2));
  await expect(readAll(store, record.blob, 0, MIB)).rejects.toBeInstanceOf(Unavailable);
  rmSync(file);
  await expect(readAll(store, record.blob, 0, MIB)).rejects.toBeInstanceOf(Unavailable);
});
