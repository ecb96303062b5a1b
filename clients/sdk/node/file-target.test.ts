// Saving what a stranger sent: in the chosen folder, under a safe name of its own, whole or not at all.
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytesOf, SavingFolder } from './file-target.fixture.ts';
import { folderAt } from './file-target.ts';
import { asNobody } from './nobody.fixture.ts';

describe('a file that is received', () => {
  test('has no name until it is kept, and then one that only its owner may read and nobody run', async () => {
    const folder = await SavingFolder.make();
    const target = folder.target('script.sh');
    await target.write(bytesOf('#!/bin/sh\n'));
    await target.write(bytesOf('echo hi\n'));
    for (const name of await folder.names()) expect(name).toMatch(/^\.parley-[0-9a-f]{32}\.part(\.lock)?$/);
    const path = await target.keep();
    expect(path).toBe(join(folder.path, 'script.sh'));
    expect(await readFile(path, 'utf8')).toBe('#!/bin/sh\necho hi\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await target.type()).toBe('text/plain');
    await target.close();
    expect(await folder.names()).toEqual(['script.sh']);
  });

  test('is gone on with by the next attempt, and can be read and cut', async () => {
    const folder = await SavingFolder.make();
    const first = folder.target();
    await first.write(bytesOf('0123456789'));
    await first.close();
    const second = folder.target();
    expect(await second.size()).toBe(10);
    expect(await second.read(2, 3)).toEqual(bytesOf('234'));
    await second.cut(4);
    expect(await second.size()).toBe(4);
    await second.write(bytesOf('AB'));
    expect(await readFile(await second.keep(), 'utf8')).toBe('0123AB');
  });

  test('that has nothing yet leaves nothing behind', async () => {
    const folder = await SavingFolder.make();
    const target = folder.target();
    expect(await target.size()).toBe(0);
    await target.close();
    expect(await folder.names()).toEqual([]);
  });

  test('of 0 bytes is kept, too', async () => {
    const folder = await SavingFolder.make();
    expect((await stat(await folder.saved('empty', ''))).size).toBe(0);
  });

  test('gets a number where there is one of its name, and replaces nothing', async () => {
    const folder = await SavingFolder.make();
    await folder.saved('a.txt', 'first');
    expect(await folder.saved('a.txt', 'second')).toBe(join(folder.path, 'a (2).txt'));
    expect(await folder.saved('a.txt', 'third')).toBe(join(folder.path, 'a (3).txt'));
    expect(await folder.text('a.txt')).toBe('first');
  });

  test('gets a name of its own, also where many are kept at once', async () => {
    const folder = await SavingFolder.make();
    const targets = Array.from({ length: 20 }, (_, blob) => folder.target('same.txt', blob));
    await Promise.all(targets.map((target, index) => target.write(bytesOf(String(index)))));
    const paths = await Promise.all(targets.map((target) => target.keep()));
    expect(new Set(paths).size).toBe(20);
    const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
    expect(texts).toEqual(targets.map((_, index) => String(index)));
  });

  test.each([
    '../../.ssh/authorized_keys',
    '..\\..\\evil.exe',
    '/etc/cron.d/evil',
    'CON',
    '\u202egnp.exe',
    `${'ä'.repeat(300)}.txt`,
    '..',
    '\u0000',
    '~',
    '-rf',
  ])('called %j stands in the folder', async (name) => {
    const folder = await SavingFolder.make();
    const path = await folder.saved(name);
    expect(await folder.names()).toHaveLength(1);
    expect(path.startsWith(`${folder.path}/`)).toBe(true);
    expect(path.slice(folder.path.length + 1)).not.toMatch(/[/\\]/);
    expect(await readdir(folder.root)).toEqual(['Downloads']);
  });

  test('may be saved through a link to the folder', async () => {
    const folder = await SavingFolder.make();
    const path = join(folder.root, 'link');
    await symlink(folder.path, path);
    const target = folder.target('a.txt', 7, path);
    await target.write(bytesOf('x'));
    expect(await target.keep()).toBe(join(folder.path, 'a.txt'));
    expect(await folderAt(path)).toBe(folder.path);
  });
});

describe('cannot be saved, and is told why:', () => {
  const refusal = (sentence: RegExp) => ({
    reason: 'file_unwritable',
    message: expect.stringMatching(sentence),
  });

  test('where there is no folder, until there is one', async () => {
    const folder = await SavingFolder.make();
    const path = join(folder.root, 'none');
    const target = folder.target('a.txt', 7, path);
    await expect(target.size()).rejects.toMatchObject(refusal(/none: there is no such folder\. Make it first/));
    await symlink(folder.path, path);
    expect(await target.size()).toBe(0);
    await writeFile(join(folder.root, 'file'), '');
    await expect(folderAt(join(folder.root, 'file'))).rejects.toMatchObject(
      refusal(/it is no folder\. Choose another/),
    );
  });

  test('in /proc', async () => {
    const folder = await SavingFolder.make();
    const target = folder.target('a.txt', 7, '/proc');
    await expect(target.size()).rejects.toMatchObject(refusal(/^Nothing can be saved in \/proc: /));
  });

  test('where nobody may write', async () => {
    const folder = await SavingFolder.make();
    await chmod(folder.path, 0o500);
    await asNobody(() => expect(folder.target().size()).rejects.toMatchObject(refusal(/you may not write there/)));
    await chmod(folder.path, 0o700);
  });

  test('on a full disk, and goes on from there once there is room', async ({ skip }) => {
    const disk = (await smallDisk()) ?? skip('mounting a tmpfs needs root');
    const folder = await SavingFolder.make(disk);
    await writeFile(join(disk, 'other'), new Uint8Array(600_000));
    const target = folder.target();
    await target.write(new Uint8Array(100_000).fill(1));
    const full = target.write(new Uint8Array(1_000_000).fill(2));
    await expect(full).rejects.toMatchObject(refusal(/there is no disk space left\. Make room/));
    await target.close();
    await rm(join(disk, 'other'));
    const next = folder.target();
    expect(await next.size()).toBeGreaterThanOrEqual(100_000);
    await next.cut(100_000);
    await next.write(new Uint8Array(100_000).fill(2));
    expect((await stat(await next.keep())).size).toBe(200_000);
  });
});

/** A disk of 1 MiB until the test is through; undefined where this user may not mount. */
async function smallDisk(): Promise<string | undefined> {
  const disk = await mkdtemp(join(tmpdir(), 'parley-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    await rm(disk, { recursive: true });
    return undefined;
  }
  onTestFinished(async () => {
    execFileSync('umount', [disk]);
    await rm(disk, { recursive: true });
  });
  return disk;
}
