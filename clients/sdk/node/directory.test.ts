import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeDirectory } from './directory.ts';
import { nodeRandom } from './platform.ts';
import { nodeProfileHome, prepareProfileDirectory } from './profile-home.ts';

let directory: string;
const place = (...parts: string[]) => join(directory, ...parts);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-directory-'));
  writeFileSync(place('file'), '');
});

afterAll(() => rmSync(directory, { recursive: true }));

it('a directory is made with those above it, for its owner alone', () => {
  makeDirectory(place('a', 'b', 'c'));
  makeDirectory(place('a', 'b', 'c'));
  for (const part of [['a'], ['a', 'b'], ['a', 'b', 'c']]) expect(statSync(place(...part)).mode & 0o777).toBe(0o700);
});

it.each([['file'], ['file', 'x'], ['file', 'x', 'y']])(
  'a place that is a file or below one is said to be that: %s %s %s',
  async (...parts) => {
    const problem = { problem: 'no_access', message: expect.stringMatching(/is a file, or lies below one/) };
    await expect(prepareProfileDirectory(place(...parts))).rejects.toMatchObject(problem);
    const home = nodeProfileHome({ directory: place(...parts), random: nodeRandom });
    await expect(home.open('a password')).rejects.toMatchObject(problem);
  },
);

it.skipIf(!existsSync('/proc/self'))('a directory that takes no other is not tried for ever', async () => {
  await expect(prepareProfileDirectory('/proc/parley/x')).rejects.toMatchObject({ problem: 'no_access' });
});

it('what was made for a profile that does not come is removed, unless something is in it', async () => {
  (await prepareProfileDirectory(place('new', 'deep')))();
  expect(existsSync(place('new'))).toBe(false);
  const undo = await prepareProfileDirectory(place('new', 'deep'));
  (await prepareProfileDirectory(place('new', 'deep')))();
  expect(existsSync(place('new', 'deep'))).toBe(true);
  writeFileSync(place('new', 'other'), '');
  undo();
  expect([existsSync(place('new', 'deep')), existsSync(place('new', 'other'))]).toEqual([false, true]);
});

it('a directory that could be made only in part is not left', async () => {
  await expect(prepareProfileDirectory(place('part', 'x'.repeat(300)))).rejects.toMatchObject({ problem: 'no_access' });
  expect(existsSync(place('part'))).toBe(false);
});

/** Whoever may read everything is another user for this test. */
const OTHER_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

it.skipIf(process.platform === 'win32')(
  'a profile that this user may not look into is not taken for a missing one',
  async () => {
    const home = nodeProfileHome({ directory: place('private', 'profile'), random: nodeRandom });
    await expect(home.open('a password')).rejects.toMatchObject({ problem: 'missing' });
    makeDirectory(place('private', 'profile'));
    chmodSync(directory, 0o755);
    chmodSync(place('private'), process.getuid?.() === 0 ? 0o700 : 0o000);
    const script = `
    import { nodeProfileHome } from ${JSON.stringify(join(import.meta.dirname, 'profile-home.ts'))};
    await nodeProfileHome({ directory: ${JSON.stringify(place('private', 'profile'))}, random: () => new Uint8Array() })
      .open('a password').catch((error) => console.log(error.problem, error.message));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      ...OTHER_USER,
      encoding: 'utf8',
    });
    chmodSync(place('private'), 0o700);
    expect(stdout).toMatch(/^no_access \S+profile cannot be read and written\. Check its permissions/);
  },
);
