// A backup file says of itself whether it is whole, wherever it was changed or cut.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StartError } from '#runtime/start-error.ts';
import { runToEnd } from '../../test/listening.fixture.ts';
import { type Part, type Read, readArchive, writeArchive } from './archive.ts';
import { newManifest } from './manifest.ts';
import { writeTarget } from './target.ts';

const manifest = newManifest(
  { mode: 'embedded', at: 7, schema: '2', domain: 'localhost', partitions: 16, opaque: { kept: true }, files: true },
  '1.2.3',
);
/** More than is read or zipped at once, and none of it alike. */
const large = Buffer.from(Array.from({ length: 90_000 }, (_, index) => `${index * 7919} `).join(''));
const parts: readonly Part[] = [
  { section: 'one' },
  { data: Buffer.from('a') },
  { data: large },
  { data: Buffer.alloc(0) },
  { section: 'empty' },
  { section: 'two' },
  { data: Buffer.from('b') },
];
const counts = { one: 3, two: 1 };

async function* inTurn<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}

const write = (): Promise<Buffer> => buffer(writeArchive(manifest, inTurn(parts), () => counts));

async function read(bytes: Buffer): Promise<Read[]> {
  const all: Read[] = [];
  const pieces = Array.from({ length: Math.ceil(bytes.length / 10_000) }, (_, index) =>
    bytes.subarray(index * 10_000, (index + 1) * 10_000),
  );
  for await (const part of readArchive(Readable.from(pieces, { objectMode: false }), 'FILE')) all.push(part);
  return all;
}

describe('an archive', () => {
  test('is read as it was written', async () => {
    expect(await read(await write())).toEqual([{ manifest }, ...parts, { counts }]);
  });

  test('has what cannot be made smaller as it is, and is read like any other', async () => {
    const dense: readonly Part[] = [
      { section: 'one' },
      { data: large },
      { section: 'dense', incompressible: true },
      { data: large },
      { section: 'dense', incompressible: true },
      { data: large },
    ];
    const bytes = await buffer(writeArchive(manifest, inTurn(dense), () => counts));
    expect(bytes.length).toBeGreaterThan(2 * large.length);
    expect(bytes.length).toBeLessThan(2.8 * large.length);
    const said = dense.map((part) => ('section' in part ? { section: part.section } : part));
    expect(await read(bytes)).toEqual([{ manifest }, ...said, { counts }]);
  });

  test('is refused if any byte of it was changed', async () => {
    const bytes = await write();
    const places = [
      ...Array.from({ length: 12 }, (_, at) => at),
      ...Array.from({ length: 50 }, (_, at) => bytes.length - 1 - at),
    ];
    for (let at = 12; at < bytes.length - 50; at += 9_973) places.push(at);
    for (const at of places) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 0x10, at);
      await expect(read(altered), `byte ${at}`).rejects.toThrow(
        /^FILE is (damaged or cut off \(.+\)\. Use|no backup of Parley)/,
      );
    }
  });

  test('is refused if it was cut off anywhere, or something was added', async () => {
    const bytes = await write();
    for (const length of [0, 1, 9, 31, 32, 33, 1_000, bytes.length - 33, bytes.length - 32, bytes.length - 1]) {
      await expect(read(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(StartError);
    }
    for (const more of [Buffer.from('x'), Buffer.alloc(32), bytes]) {
      await expect(read(Buffer.concat([bytes, more]))).rejects.toThrow(/damaged or cut off/);
    }
  });

  test('is refused, with the advice to give a backup, if it is something else', async () => {
    await expect(read(Buffer.from('this is a letter, not a backup, and it is longer than a checksum'))).rejects.toThrow(
      'FILE is no backup of Parley. Give the file that npm run backup wrote.',
    );
  });

  test('fails with whatever its parts fail with, and never ends as if it were whole', async () => {
    async function* failing(): AsyncGenerator<Part> {
      yield* parts;
      throw new Error('the store went away');
    }
    await expect(buffer(writeArchive(manifest, failing(), () => counts))).rejects.toThrow('the store went away');
  });
});

test('what a file says of itself is shown, and moves no cursor', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-hostile-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const hostile = 'x\u001b]0;owned\u0007\u009b2J\u202e\nIt is whole.';
  const facts = { mode: 'embedded', at: 0, schema: hostile, domain: hostile, partitions: 16 } as const;
  const manifest = newManifest({ ...facts, opaque: { kept: true }, files: true }, hostile);
  async function* nothing(): AsyncGenerator<Part> {}
  const file = join(folder, 'backup');
  await writeTarget(
    writeArchive(manifest, nothing(), () => ({ [hostile]: 1 })),
    file,
  );
  const { status, stderr } = await runToEnd([join(import.meta.dirname, '../backup.ts'), '--check', file], {});
  expect(status).toBe(0);
  expect(stderr.trim().split('\n')).toHaveLength(2);
  const restored = await runToEnd([join(import.meta.dirname, '../restore.ts'), '--from', file, '--data', folder], {});
  expect(restored.status).toBe(1);
  expect(`${stderr}${restored.stderr}`.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});
