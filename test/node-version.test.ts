// A Node that cannot run the product says so in a sentence.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const check = join(import.meta.dirname, '..', 'node-version.js');

test('a Node that does not run TypeScript is refused in one sentence, without a stack trace', () => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    ['--no-experimental-strip-types', '--import', check, '--eval', "console.log('started')"],
    { encoding: 'utf8' },
  );
  expect(stderr).toMatch(/^Parley needs Node 22\.18 or newer, this is [\d.]+\. .*\n$/);
  expect(stdout).toBe('');
  expect(status).toBe(1);
});

test('a Node that runs TypeScript starts without a word', () => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    ['--import', check, '--eval', "console.log('started')"],
    { encoding: 'utf8' },
  );
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: 'started\n' });
});
