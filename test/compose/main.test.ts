// Where there is no Docker, the tests of the stack fail with a sentence: they are never skipped.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');

test('without Docker, the tests of the stack say in a sentence what they need, and fail', () => {
  const env = { ...process.env, PATH: join(import.meta.dirname, 'nowhere') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN], { encoding: 'utf8', env });
  expect(stderr).toMatch(/^The stack is tested with Docker and Compose v2: .*Install both.*\.\n$/);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
});
