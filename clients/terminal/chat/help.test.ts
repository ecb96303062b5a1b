import { describe, expect, it } from 'vitest';
import { COMMANDS } from './all-commands.ts';
import { usageOf } from './commands.ts';
import { helpLines, helpOf } from './help.ts';

/** Of a terminal as it opens: /help itself stands on one, and what is typed next on another. */
const SCREEN = { columns: 80, rows: 24 - 2 };

describe('help', () => {
  it('fits one screen, with every command on it', () => {
    const lines = helpLines(COMMANDS, SCREEN.columns);
    expect(lines.length).toBeLessThanOrEqual(SCREEN.rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(SCREEN.columns);
    for (const command of COMMANDS) expect(lines.join('\n')).toContain(`${usageOf(command)} `);
  });

  it('has a line for each command where the screen is narrow or there is none', () => {
    for (const columns of [40, undefined]) {
      const lines = helpLines(COMMANDS, columns);
      for (const command of COMMANDS) {
        expect(lines.filter((line) => line.startsWith(`${usageOf(command)} `))).toHaveLength(1);
      }
    }
  });

  it('tells of each command its arguments and one example', () => {
    for (const command of COMMANDS) {
      const lines = helpOf(command);
      expect(lines.at(-1)).toMatch(new RegExp(`^Example: /${command.name}( |$)`));
      expect(lines.join()).not.toContain('undefined');
    }
  });
});
