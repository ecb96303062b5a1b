import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS as ALL } from './all-commands.ts';
import { completionsOf } from './completing.ts';
import { pathsBelow } from './completing-paths.ts';

const people = ['al@localhost', 'bo@localhost', 'bob@localhost', 'bo@elsewhere'];
const client = {
  account: { address: 'al@localhost', domain: 'localhost' },
  contacts: async () => people.map((address) => ({ address })),
  groups: {
    known: async () => [
      { conversation: '#bowls@localhost' },
      { conversation: '#team@elsewhere' },
      { conversation: '#bygone@localhost', ended: {} },
    ],
  },
};
const completed = async (line: string, folder = '/none') =>
  (
    await completionsOf(
      ALL,
      client,
      line,
      pathsBelow((given) => join(folder, given)),
    )
  ).completions;

describe('Tab', () => {
  it('completes commands, in upper or lower case', async () => {
    expect(await completed('/OP')).toEqual(['/open ']);
    expect(await completed('/un')).toEqual(['/unread ', '/unverify ', '/unblock ']);
  });

  it('completes the people and groups that are known where a command is about one', async () => {
    expect(await completed('/verify b')).toEqual(['bo ', 'bob ', 'bo@elsewhere ']);
    expect(await completed('/verify ')).toEqual(['bo ', 'bob ', 'bo@elsewhere ']);
    expect(await completed('/open ')).toEqual(['bo ', 'bob ', 'bo@elsewhere ', '#bowls ', '#team@elsewhere ']);
    expect(await completed('/send #B')).toEqual(['#bowls ']);
    expect(await completed('/help se')).toEqual(['send', 'sendfile', 'sendimg', 'sendgrp', 'search', 'security']);
  });

  it('completes one word after the other: a group, with its sign or without, then a person', async () => {
    expect(await completed('/kick b')).toEqual(['bowls ']);
    expect(await completed('/kick #')).toEqual(['#bowls ', '#team@elsewhere ']);
    expect(await completed('/kick bowls bob')).toEqual(['bob ']);
    expect(await completed('/kick bowls bob b')).toEqual([]);
  });

  it('completes files and folders, also with blanks in their names, and hidden ones where that is meant', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-tab-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'my pictures'));
    for (const name of ['my cat.png', '.hidden', 'my pictures/dog.png', 'esc\u001b.png'])
      await writeFile(join(folder, name), '');
    expect((await completed('/sendimg my ', folder)).toSorted()).toEqual(['my cat.png', 'my pictures/']);
    expect(await completed('/sendfile my pictures/', folder)).toEqual(['my pictures/dog.png']);
    expect(await completed('/sendfile .h', folder)).toEqual(['.hidden']);
    expect(await completed('/sendfile e', folder)).toEqual([]);
    expect(await completed('/sendfile none/x', folder)).toEqual([]);
  });

  it('leaves texts alone', async () => {
    expect(await completed('bo')).toEqual([]);
    expect(await completed('/send bo bo')).toEqual([]);
    expect(await completed('/send bo ')).toEqual([]);
    expect(await completed('/exit b')).toEqual([]);
  });
});
