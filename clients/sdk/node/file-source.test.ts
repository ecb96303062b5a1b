// What of this machine can be sent, and the sentence for what cannot.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openFileSource } from './file-source.ts';
import { asNobody } from './nobody.fixture.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-source-'));
  return () => rm(folder, { recursive: true });
});

async function opened(path: string) {
  const source = await openFileSource(path);
  onTestFinished(() => source.close());
  return source;
}

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('a file to send', () => {
  test('has its name, its size, its place, and its bytes by position', async () => {
    const source = await opened(await fileOf('Bericht März.txt', 'one two three'));
    expect(source).toMatchObject({ name: 'Bericht März.txt', type: 'text/plain', size: 13 });
    expect(source.place).toBe(join(folder, 'Bericht März.txt'));
    expect(Buffer.from(await source.read(4, 3)).toString()).toBe('two');
    expect(await source.read(8, 100)).toHaveLength(5);
    expect(await source.read(100, 1)).toHaveLength(0);
  });

  test('is found at one place, however it was called', async () => {
    const path = await fileOf('a.txt', 'a');
    await symlink(path, join(folder, 'b.txt'));
    const source = await opened(join(folder, 'b.txt'));
    expect([source.name, source.place]).toEqual(['b.txt', path]);
  });

  test('that became shorter gives what is there', async () => {
    const path = await fileOf('a.bin', new Uint8Array(100));
    const source = await opened(path);
    await truncate(path, 10);
    expect([source.size, (await source.read(0, 100)).length]).toEqual([100, 10]);
  });

  test.each([
    ['photo.txt', PNG, 'image/png'],
    ['empty', '', 'application/octet-stream'],
    ['noise.png', Uint8Array.of(0, 1, 2, 3, 255), 'application/octet-stream'],
    ['Latin-1.txt', Buffer.from('März', 'latin1'), 'application/octet-stream'],
    ['cut.txt', `${'a'.repeat(65_535)}ä`, 'text/plain'],
    ['colours.log', '\u001b[31mred\u001b[0m\n', 'text/plain'],
    ['script.pdf', '#!/bin/sh\necho no PDF\n', 'text/plain'],
  ])('called %j is what its content is', async (name, content, type) => {
    expect((await opened(await fileOf(name, content))).type).toBe(type);
  });
});

describe('cannot be sent, and is told why:', () => {
  const refused = (path: string, sentence: string) =>
    expect(openFileSource(path)).rejects.toMatchObject({
      reason: 'file_unreadable',
      message: expect.stringMatching(sentence),
    });

  test('what is not there', async () => {
    await refused(join(folder, 'none'), '/none cannot be sent: there is no such file\\. Look at the path');
    await refused(join(await fileOf('a', ''), 'b'), 'a part of its path is no folder');
  });

  test('a folder', async () => {
    await mkdir(join(folder, 'pictures'));
    await refused(join(folder, 'pictures'), 'it is a folder\\. Give a file, or pack what you want to send into one\\.');
  });

  test('a pipe, at once; a socket; a device', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await refused(join(folder, 'pipe'), 'it is a pipe');
    const server = createServer().listen(join(folder, 'socket'));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    await refused(join(folder, 'socket'), 'it is a socket');
    await refused('/dev/zero', 'it is a device');
  });

  test.skipIf(process.platform !== 'linux')('a file of the system that says to be empty and is not', async () => {
    await refused(
      '/proc/version',
      '/proc/version cannot be sent: the system does not say how long it is\\. Send a copy',
    );
  });

  test('a link that leads to itself', async () => {
    await symlink(join(folder, 'loop'), join(folder, 'loop'));
    await refused(join(folder, 'loop'), 'it is a link that leads to itself');
  });

  test('what may not be read', async () => {
    const path = await fileOf('secret', 'x');
    execFileSync('chmod', ['000', path]);
    await asNobody(() => refused(path, 'you may not read it'));
  });
});
