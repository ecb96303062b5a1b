import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
