import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseNewPassword, readPassword } from './password.ts';
import type { Ask } from './prompt.ts';

const nobody: Ask = async () => undefined;
const typing =
  (...lines: string[]): Ask =>
  async () =>
    lines.shift();

it('a file counts before the environment, the environment before a question', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'parley-'));
  const file = join(directory, 'password');
  try {
    await writeFile(file, 'from the file\nsecond line\n');
    expect(await readPassword('?', { file, given: 'from outside', ask: nobody })).toBe('from the file');
    expect(await readPassword('?', { given: 'from outside', ask: typing('typed') })).toBe('from outside');
    expect(await readPassword('?', { ask: typing('typed') })).toBe('typed');
    await expect(readPassword('?', { file: join(directory, 'none'), ask: nobody })).rejects.toThrow('cannot be read');
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('without a terminal, a sentence says how to give the password', async () => {
  await expect(readPassword('?', { ask: nobody })).rejects.toThrow('Give --password-file F or set PARLEY_PASSWORD.');
});

it('a password that is being chosen is typed twice, and given once', async () => {
  expect(await chooseNewPassword('?', { ask: typing('three grey geese', 'three grey geese') })).toBe(
    'three grey geese',
  );
  await expect(chooseNewPassword('?', { ask: typing('three grey geese', 'three grey gees') })).rejects.toThrow(
    'not the same',
  );
  expect(await chooseNewPassword('?', { given: 'three grey geese', ask: nobody })).toBe('three grey geese');
});
