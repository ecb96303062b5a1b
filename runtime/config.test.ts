import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, readSettings } from './config.ts';

const program = { name: 'test', description: 'A test.' };
const shape = {
  port: z.coerce.number().int().min(0).max(65_535).default(7070).describe('the port'),
  holdMs: z.coerce.number().int().min(0).default(500).describe('a time'),
  allowPlain: z.stringbool().default(false).meta({ flag: true, description: 'a flag' }),
};
const folder = mkdtempSync(join(tmpdir(), 'parley-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true }));

describe('settings', () => {
  test('have defaults', () => {
    expect(readSettings(program, shape, [], {})).toEqual({ port: 7070, holdMs: 500, allowPlain: false });
  });

  test('come from options before the environment before the file', () => {
    const config = file('a.json', '{"port": 1, "holdMs": 1, "allowPlain": true}');
    const environment = { PARLEY_PORT: '2', PARLEY_HOLD_MS: '2' };
    const settings = readSettings(program, shape, ['--port', '3', '--config', config], environment);
    expect(settings).toEqual({ port: 3, holdMs: 2, allowPlain: true });
  });

  test.each([
    [
      'an option',
      ['--port', 'x'],
      {},
      /port \(--port\) is "x" from the option --port: it must be a whole number from 0 to 65535\.$/,
    ],
    ['a variable', [], { PARLEY_PORT: '70700' }, /"70700" from the environment variable PARLEY_PORT/],
    ['a file', ['--config', file('b.json', '{"holdMs": -1}')], {}, /holdMs .*"-1" from the file .*b\.json/],
    ['an unknown option', ['--prot', '1'], {}, /unknown option '--prot'/],
    ['an unknown setting in a file', ['--config', file('c.json', '{"prot": 1}')], {}, /unknown setting prot/],
    ['a broken file', ['--config', file('d.json', '{')], {}, /cannot be read/],
    ['a missing file', ['--config', join(folder, 'none')], {}, /cannot be read/],
    ['a stray argument', ['run'], {}, /too many arguments.*run/],
  ])('name the source of a wrong value: %s', (_, argv, environment, message) => {
    const read = (): unknown => readSettings(program, shape, argv, environment);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(message);
  });
});
