import { describe, expect, it } from 'vitest';
import { COMMANDS as ALL } from './all-commands.ts';
import { findCommand, noWords, oneWord, typedCommand } from './commands.ts';

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
