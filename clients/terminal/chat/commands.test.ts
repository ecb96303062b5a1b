import { describe, expect, it } from 'vitest';
import { COMMANDS as ALL } from './all-commands.ts';
import { completionsOf, findCommand, noWords, oneWord, typedCommand } from './commands.ts';

const people = ['al@localhost', 'bo@localhost', 'bob@localhost', 'bo@elsewhere'];
const client = {
  account: { address: 'al@localhost', domain: 'localhost' },
  contacts: async () => people.map((address) => ({ address })),
};
const completed = async (line: string) => (await completionsOf(ALL, client, line)).completions;

describe('Tab', () => {
  it('completes commands, in upper or lower case', async () => {
    expect(await completed('/OP')).toEqual(['/open ']);
    expect(await completed('/un')).toEqual(['/unread ', '/unverify ', '/unblock ']);
  });

  it('completes the people that are known where a command is about one', async () => {
    expect(await completed('/open b')).toEqual(['bo ', 'bob ', 'bo@elsewhere ']);
    expect(await completed('/open ')).toEqual(['bo ', 'bob ', 'bo@elsewhere ']);
    expect(await completed('/help se')).toEqual(['send', 'search', 'security']);
  });

  it('leaves texts alone', async () => {
    expect(await completed('bo')).toEqual([]);
    expect(await completed('/send bo bo')).toEqual([]);
    expect(await completed('/exit b')).toEqual([]);
  });
});

describe('commands', () => {
  it('have names of their own, in lower case, and each says what it does and how it is typed', () => {
    expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
    for (const { name, brief, says, usage, example } of ALL) {
      expect(brief).toMatch(/^[a-z].{0,19}$/);
      expect(name).toMatch(/^[a-z]+$/);
      expect(says).toMatch(/^[A-Z].*\.$|✓✓/);
      expect(usage === '' || usage.startsWith('[') || example !== '').toBe(true);
    }
  });

  it('that there are not are told with what may have been meant', () => {
    expect(() => findCommand(ALL, 'opne')).toThrow('Did you mean /open?');
    expect(() => typedCommand(ALL, 'etc')).toThrow('with two: //');
  });

  it('refuse what they do not take', () => {
    expect(() => oneWord('two words')).toThrow();
    expect(() => oneWord('')).toThrow();
    expect(() => noWords('any')).toThrow();
    expect(oneWord('bo')).toBe('bo');
  });
});
