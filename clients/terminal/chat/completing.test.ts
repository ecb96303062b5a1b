import { describe, expect, it } from 'vitest';
import { COMMANDS as ALL } from './all-commands.ts';
import { completionsOf } from './completing.ts';

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
const completed = async (line: string) => (await completionsOf(ALL, client, line)).completions;

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
    expect(await completed('/help se')).toEqual(['send', 'sendgrp', 'search', 'security']);
  });

  it('completes one word after the other: a group, with its sign or without, then a person', async () => {
    expect(await completed('/kick b')).toEqual(['bowls ']);
    expect(await completed('/kick #')).toEqual(['#bowls ', '#team@elsewhere ']);
    expect(await completed('/kick bowls bob')).toEqual(['bob ']);
    expect(await completed('/kick bowls bob b')).toEqual([]);
  });

  it('leaves texts alone', async () => {
    expect(await completed('bo')).toEqual([]);
    expect(await completed('/send bo bo')).toEqual([]);
    expect(await completed('/send bo ')).toEqual([]);
    expect(await completed('/exit b')).toEqual([]);
  });
});
