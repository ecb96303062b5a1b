// Files that are not whole yet: found again, never of two at once, and never somebody else's, whatever was put there before.
import { spawnSync } from 'node:child_process';
import { link, lstat, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesOf, SavingFolder } from './file-target.fixture.ts';
import { PARTIAL_MAX_AGE_DAYS } from './partial-file.ts';

const DAY_S = 86_400;

describe('two at once', () => {
  test('of one blob do not write into each other', async () => {
    const folder = await SavingFolder.make();
    const first = folder.target();
    await first.write(bytesOf('0123'));
    const second = folder.target();
    expect(await second.size()).toBe(0);
    await second.write(bytesOf('whole'));
    expect(await readFile(await second.keep(), 'utf8')).toBe('whole');
    await first.write(bytesOf('4567'));
    expect(await readFile(await first.keep(), 'utf8')).toBe('01234567');
    await Promise.all([first.close(), second.close()]);
    expect(await folder.names()).toEqual(['a (2).txt', 'a.txt']);
  });

  test('where the second is given up leave the first as it is', async () => {
    const folder = await SavingFolder.make();
    const first = folder.target();
    await first.write(bytesOf('0123'));
    const second = folder.target();
    await second.write(bytesOf('xx'));
    await second.close();
    await first.close();
    expect(await folder.target().size()).toBe(4);
  });
});

test('a process that was killed leaves what the next one goes on with', async () => {
  const folder = await SavingFolder.make();
  const code = `
    import { fileTarget } from ${JSON.stringify(new URL('./file-target.ts', import.meta.url).href)};
    const target = fileTarget(${JSON.stringify(folder.path)}, { name: 'a.txt', type: 'text/plain', blob: new Uint8Array(32).fill(7) });
    await target.write(new TextEncoder().encode('from the first'));
    process.kill(process.pid, 'SIGKILL');`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', code]).signal).toBe('SIGKILL');
  const target = folder.target();
  expect(await target.size()).toBe(14);
  expect(await readFile(await target.keep(), 'utf8')).toBe('from the first');
  await target.close();
  expect(await folder.names()).toEqual(['a.txt']);
});

describe('who can write in the folder', () => {
  /** Where the file is going to be hidden. */
  async function hidden(folder: SavingFolder): Promise<string> {
    const target = folder.target();
    await target.size();
    const path = await folder.partial();
    await target.close();
    return path;
  }

  test('cannot have it written through a link, whether hidden, of its lock, or under its name', async () => {
    const folder = await SavingFolder.make();
    const victim = join(folder.root, 'victim');
    await writeFile(victim, 'mine');
    const path = await hidden(folder);
    await symlink(victim, path);
    await symlink(victim, join(folder.path, 'a.txt'));
    expect(await folder.saved('a.txt')).toBe(join(folder.path, 'a (2).txt'));
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    await rm(path);
    await symlink(join(folder.root, 'not there'), `${path}.lock`);
    expect(await folder.saved('a.txt')).toBe(join(folder.path, 'a (3).txt'));
    expect(await readFile(victim, 'utf8')).toBe('mine');
    expect((await readdir(folder.root)).sort()).toEqual(['Downloads', 'victim']);
  });

  test('cannot have a file changed that has a second name there', async () => {
    const folder = await SavingFolder.make();
    const victim = join(folder.root, 'victim');
    await writeFile(victim, 'mine');
    await link(victim, await hidden(folder));
    await folder.saved('a.txt');
    expect(await readFile(victim, 'utf8')).toBe('mine');
  });

  test('cannot have something else taken for what was proven', async () => {
    const folder = await SavingFolder.make();
    const target = folder.target();
    await target.write(bytesOf('proven'));
    const path = await folder.partial();
    await rm(path);
    await writeFile(path, 'replaced');
    await expect(target.keep()).rejects.toMatchObject({
      reason: 'file_unwritable',
      message: expect.stringContaining('another program has replaced'),
    });
  });

  test('may have put a folder or a pipe there: it is saved all the same', async () => {
    const folder = await SavingFolder.make();
    const path = await hidden(folder);
    await mkdir(path);
    await folder.saved('a.txt', 'one');
    await rm(path, { recursive: true });
    spawnSync('mkfifo', [path]);
    await folder.saved('b.txt', 'two');
    expect(await folder.names()).toEqual(expect.arrayContaining(['a.txt', 'b.txt']));
  });
});

describe('what was left', () => {
  const aged = (path: string, days: number) => {
    const then = Date.now() / 1_000 - days * DAY_S;
    return utimes(path, then, then);
  };

  test('and nobody goes on with is removed after days, and nothing else is', async () => {
    const folder = await SavingFolder.make();
    const old = folder.target('old.txt', 1);
    await old.write(bytesOf('x'));
    await old.close();
    const [name = ''] = await folder.names();
    const others = ['.parley-notes', '.parley-0123.part', 'a.part'];
    for (const other of others) await writeFile(join(folder.path, other), 'of a person');
    for (const each of [name, ...others]) await aged(join(folder.path, each), PARTIAL_MAX_AGE_DAYS + 1);
    const fresh = folder.target('fresh.txt', 2);
    await fresh.write(bytesOf('x'));
    await fresh.close();
    const left = await folder.names();
    expect(left).not.toContain(name);
    expect(left).toEqual(expect.arrayContaining(others));
    expect(left).toHaveLength(4);
  });

  test('and somebody is at stays, however old', async () => {
    const folder = await SavingFolder.make();
    const slow = folder.target('slow.txt', 1);
    await slow.write(bytesOf('x'));
    await aged(await folder.partial(), 10 * PARTIAL_MAX_AGE_DAYS);
    await folder.saved('other.txt');
    expect(await readFile(await slow.keep(), 'utf8')).toBe('x');
  });
});
