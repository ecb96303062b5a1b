// Uploads among processes that are killed: what left before goes on, and no key seals two chunks at one place.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toHex } from '#protocol/bytes.ts';
import { H } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES, FILE_PART_CHUNKS } from '#protocol/limits.ts';
import { nodePlatform } from '../node/platform.ts';
import { exampleAccount, PASSWORD } from '../profile/example.fixture.ts';
import { exampleBytes } from '../test/files.ts';
import { Transfers } from './transfers.fixture.ts';

const CHILD = fileURLToPath(new URL('./upload-child.fixture.ts', import.meta.url));
const PART = FILE_PART_CHUNKS * FILE_CHUNK_BYTES;
const SIZE = 4 * PART + 500;

let directory = '';
let transfers: Transfers;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'parley-upload-'));
  transfers = await new Transfers().start();
  const { profiles } = nodePlatform({ directory: join(directory, 'profile'), cheapPasswords: true });
  await (await profiles.create(exampleAccount(), PASSWORD)).close();
});
afterEach(async () => {
  await transfers.end();
  rmSync(directory, { recursive: true, force: true });
});

type Said = { readonly done?: number; readonly blob?: number[]; readonly key?: number[]; readonly root?: number[] };

/** Runs an upload, killed once `kill` says so of what it said. Resolves with all that it said, once it is dead. */
async function run(path: string, kill: (said: Said) => boolean = () => false): Promise<Said[]> {
  const arguments_ = [CHILD, join(directory, 'profile'), transfers.url, path];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = once(child, 'close');
  const said: Said[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const one = JSON.parse(line) as Said; // as the fixture wrote it
    said.push(one);
    if (kill(one)) child.kill('SIGKILL');
  }
  await end;
  return said;
}

async function arrives(said: readonly Said[], path: string): Promise<void> {
  const { blob = [], key = [], root = [] } = said.at(-1) ?? {};
  const bytes = { blob: Uint8Array.from(blob), key: Uint8Array.from(key), root: Uint8Array.from(root) };
  const target = await transfers.download({ ...bytes, size: SIZE, type: 'a/b', name: 'film.bin' });
  expect(toHex(H(target.bytes))).toBe(toHex(H(readFileSync(path))));
}

test('an upload whose process is killed after each part is whole in the end, and each part left once or twice, the same', async () => {
  const path = join(directory, 'film.bin');
  writeFileSync(path, exampleBytes(SIZE));
  for (const parts of [1, 2, 3]) await run(path, ({ done = 0 }) => done >= parts * PART);
  const said = await run(path);
  expect([...transfers.files.blobs.keys()]).toHaveLength(1);
  expect(transfers.files.reused).toEqual([]);
  await arrives(said, path);
});

test('a file that is edited between two killed processes goes under a new key, and no key seals two chunks at one place', async () => {
  const path = join(directory, 'film.bin');
  const content = exampleBytes(SIZE);
  for (const [edit, parts] of [1, 2].entries()) {
    writeFileSync(path, content.fill(edit, edit * 100, edit * 100 + 50));
    await run(path, ({ done = 0 }) => done >= parts * PART);
  }
  writeFileSync(path, content.fill(9, 2 * PART, 2 * PART + 50));
  await arrives(await run(path), path);
  expect(transfers.files.reused).toEqual([]);
});
