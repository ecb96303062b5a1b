import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseNewPassword, readPassword } from './password.ts';
import type { Ask } from './prompt.ts';

const otherwise = 'Give --password-file F or set PARLEY_PASSWORD.';
const anything = () => {};
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
    expect(await readPassword('?', { file, given: 'from outside', ask: nobody, otherwise })).toBe('from the file');
    expect(await readPassword('?', { given: 'from outside', ask: typing('typed'), otherwise })).toBe('from outside');
    expect(await readPassword('?', { ask: typing('typed'), otherwise })).toBe('typed');
    await expect(readPassword('?', { file: join(directory, 'none'), ask: nobody, otherwise })).rejects.toThrow(
      'cannot be read',
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('without a terminal, a sentence says how to give the password', async () => {
  await expect(readPassword('?', { ask: nobody, otherwise })).rejects.toThrow(`to ask on. ${otherwise}`);
});

it('a password that is being chosen is typed twice, and given once', async () => {
  const chosen = (source: { readonly given?: string; readonly ask: Ask }) =>
    chooseNewPassword('?', { ...source, otherwise }, anything);
  expect(await chosen({ ask: typing('three grey geese', 'three grey geese') })).toBe('three grey geese');
  await expect(chosen({ ask: typing('three grey geese', 'three grey gees') })).rejects.toThrow('not the same');
  expect(await chosen({ given: 'three grey geese', ask: nobody })).toBe('three grey geese');
});

it('a password that is refused is not asked for again', async () => {
  const typed = ['goose'];
  const check = (password: string) => {
    throw new Error(`${password} is too short`);
  };
  const ask: Ask = async () => typed.shift();
  await expect(chooseNewPassword('?', { ask, otherwise }, check)).rejects.toThrow('goose is too short');
});
